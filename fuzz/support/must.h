// SPDX-License-Identifier: Apache-2.0
//
// must: what a fuzz target sets up for itself cannot fail.
#pragma once

#include <cstdio>
#include <utility>

#include "base/check.h"
#include "base/result.h"

namespace ajwt::fuzz {

// must returns the value, or ends the program with the refusal.
template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "refused: %s\n", result.error().describe().c_str());
  AJWT_CHECK(result.has_value());
  return *std::move(result);
}

}  // namespace ajwt::fuzz
