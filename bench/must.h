// SPDX-License-Identifier: Apache-2.0
//
// What a benchmark sets up either works, or ends the program with the reason.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/result.h"

namespace ajwt::bench {

// must_be_ok ends the program if `result` is a refusal.
template <class T>
void must_be_ok(const Result<T>& result) {
  if (result) return;
  std::fprintf(stderr, "bench: %s %s\n", result.error().describe().c_str(),
               result.error().detail().c_str());
  std::exit(1);
}

// must returns the value.
template <class T>
T must(Result<T> result) {
  must_be_ok(result);
  return *std::move(result);
}

}  // namespace ajwt::bench
