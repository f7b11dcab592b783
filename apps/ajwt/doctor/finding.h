// SPDX-License-Identifier: Apache-2.0
//
// What `ajwt doctor` finds: one verdict about one thing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/ajwt/support/exit_code.h"
#include "json/value.h"

namespace ajwt::app {

// kUnknown: it could not be told from here. It is never taken for a yes.
enum class Verdict { kOk, kWarn, kFail, kUnknown };
std::string_view name(Verdict verdict);

// Judgement is what one check says. `next` is the one thing to do, for all verdicts but kOk.
struct Judgement {
  Verdict verdict;
  std::string found;
  std::string next = {};
  // What the program ends with, where it is this one that fails: kDefenceFailed for a guard that
  // lets something through, kUnavailable for what does not answer.
  ExitCode exit = ExitCode::kError;
};

// Finding is a judgement with the check that made it. Names are stable: scripts read them.
struct Finding {
  std::string_view check;   // "guard.keys", "P5"
  std::string_view source;  // "RFC 9728 3.3": who demands it
  std::string about;        // the URL that was looked at; empty for promises
  Judgement judgement;
};

json::Object to_json(const Finding& finding);

// exit_code_of returns kOk unless something fails, and then the worst: kDefenceFailed before
// kUnavailable before kError.
ExitCode exit_code_of(const std::vector<Finding>& findings);

}  // namespace ajwt::app
