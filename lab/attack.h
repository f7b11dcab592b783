// SPDX-License-Identifier: Apache-2.0
//
// Attacks: each is one file in lab/attacks/ with its story, its steps over the public interfaces
// and the reasons that must refuse it. `ajwt demo attack` and the tests run them on a live system.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reason.h"
#include "base/result.h"

namespace ajwt::lab {

class Scene;

// Attempt is one thing that was tried.
struct Attempt {
  std::string sent;        // what was sent, in words, without secrets
  std::string refused_by;  // "authority", "guard", "inspection"
  std::string expected;    // the reason's name that must refuse it
  std::string got;         // the reason's name that came back; "" if it went through
  int status = 0;          // HTTP status of the answer; 0: none
  bool refused() const { return !got.empty() && got == expected; }
};

// Attack is one threat in one form. `run` first carries out the legitimate twin of the flow, so
// that a refusal means something, and fails with an Error if that does not work: the attack then
// counts as failed to be stopped, whatever else was refused.
struct Attack {
  std::string_view id;     // "T2"
  std::string_view name;   // "t02-token-replay": the file's name
  std::string_view title;  // "Token replay"
  std::string_view story;  // one or two sentences: who does what, and what stops it
  std::function<Result<std::vector<Attempt>>(Scene&)> run;
};

// all_attacks returns every attack in order of threat.
const std::vector<Attack>& all_attacks();

}  // namespace ajwt::lab
