// SPDX-License-Identifier: Apache-2.0
//
// GoogleMock matchers for Result and Status. A test of a refusal says which reason it expects:
// "not ok" alone would also pass for the wrong one.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>

#include "base/result.h"

namespace ajwt {

// PrintTo shows an Error, its log detail included, in the messages of failing tests.
inline void PrintTo(const Error& error, std::ostream* out) {
  *out << "refused with " << error.reason().name << ": " << error.message();
  if (!error.detail().empty()) *out << " (" << error.detail() << ")";
}

inline void PrintTo(const Status& status, std::ostream* out) {
  if (status) {
    *out << "ok";
  } else {
    PrintTo(status.error(), out);
  }
}

template <class T>
void PrintTo(const Result<T>& result, std::ostream* out) {
  if (result) {
    *out << "ok with " << ::testing::PrintToString(*result);
  } else {
    PrintTo(result.error(), out);
  }
}

namespace testing {

// explain_outcome tells how a result that did not match came out.
template <class R>
void explain_outcome(const R& result, ::testing::MatchResultListener* listener) {
  if (!listener->IsInterested()) return;
  if (result) {
    *listener << "which is ok";
  } else {
    PrintTo(result.error(), listener->stream());
  }
}

// IsOk matches a Result or Status that is not an Error.
MATCHER(IsOk, negation ? "is refused" : "is ok") {
  explain_outcome(arg, result_listener);
  return arg.has_value();
}

// RefusedWith matches a Result or Status whose Error has exactly this code.
MATCHER_P(RefusedWith, code,
          std::string(negation ? "is not" : "is") + " refused with " +
              std::string(reason_of(code).name)) {
  explain_outcome(arg, result_listener);
  return !arg.has_value() && arg.error().code() == code;
}

// IsOkAndHolds matches a Result with a value that `inner`, a matcher or a value, matches.
MATCHER_P(IsOkAndHolds, inner,
          negation ? "is refused or holds something else" : "is ok and holds what is expected") {
  if (!arg.has_value()) {
    explain_outcome(arg, result_listener);
    return false;
  }
  return ::testing::ExplainMatchResult(inner, *arg, result_listener);
}

}  // namespace testing

using testing::IsOk;
using testing::IsOkAndHolds;
using testing::RefusedWith;

}  // namespace ajwt
