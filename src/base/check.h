// SPDX-License-Identifier: Apache-2.0
//
// AJWT_CHECK aborts when one of our own invariants is false. Always compiled in; never used to
// judge input.
#pragma once

#include <cstdio>
#include <cstdlib>

#define AJWT_CHECK(condition)                                                                     \
  do {                                                                                            \
    if (!(condition)) {                                                                           \
      std::fprintf(stderr, "ajwt: broken invariant %s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                               \
    }                                                                                             \
  } while (false)
