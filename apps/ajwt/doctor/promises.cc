// SPDX-License-Identifier: Apache-2.0
//
// The promises P1 to P10 (protocol 1) that this set-up keeps, as far as what was found tells.
#include <algorithm>
#include <array>
#include <string>

#include "apps/ajwt/doctor/checks.h"

namespace ajwt::app {
namespace {

using Findings = std::vector<Finding>;

Judgement kept(std::string found) { return {Verdict::kOk, "kept: " + std::move(found)}; }
Judgement limited(std::string found, std::string next) {
  return {Verdict::kWarn, "kept with a limit: " + std::move(found), std::move(next)};
}
Judgement untold(std::string found, std::string next) {
  return {Verdict::kUnknown, std::move(found), std::move(next)};
}

const json::Object* status_of(const Evidence& evidence) {
  const auto& status = evidence.authority.status;
  return status && *status ? &**status : nullptr;
}

Judgement no_word(std::string_view promise) {
  return untold("only the authority's own word tells (see authority.settings)",
                "give an administrator's profile to see " + std::string(promise));
}

// find_relaxed returns what settings weaken this promise; empty if none does.
std::string find_relaxed(const json::Object& status, std::string_view promise) {
  std::string found;
  const json::Array* relaxed = status.find_array("relaxed");
  if (relaxed == nullptr) return found;
  for (const json::Value& row : *relaxed) {
    const json::Object* object = row.find_object();
    if (object == nullptr || object->text("promise") != promise) continue;
    found += (found.empty() ? "" : "; ") + object->text("setting") + " is " +
             object->text("value") + ": " + object->text("effect");
  }
  return found;
}

std::string seconds_of(const json::Object& status, std::string_view lifetime) {
  const json::Object* lifetimes = status.find_object("lifetimes");
  const std::int64_t* seconds = lifetimes == nullptr ? nullptr : lifetimes->find_integer(lifetime);
  return seconds == nullptr ? "an unknown number of" : std::to_string(*seconds);
}

// worst returns the worst verdict of the checks that are named; kUnknown where none is there.
Verdict worst(const Findings& findings, std::initializer_list<std::string_view> checks) {
  bool any = false;
  bool unknown = false;
  bool warned = false;
  for (const Finding& finding : findings) {
    if (std::find(checks.begin(), checks.end(), finding.check) == checks.end()) continue;
    any = true;
    if (finding.judgement.verdict == Verdict::kFail) return Verdict::kFail;
    unknown = unknown || finding.judgement.verdict == Verdict::kUnknown;
    warned = warned || finding.judgement.verdict == Verdict::kWarn;
  }
  if (!any || unknown) return Verdict::kUnknown;
  return warned ? Verdict::kWarn : Verdict::kOk;
}

Judgement judge_p1(const Evidence& evidence, const Findings&) {
  const json::Object* status = status_of(evidence);
  if (status == nullptr) return no_word("P1");
  const std::string relaxed = find_relaxed(*status, "P1");
  if (!relaxed.empty()) return limited(relaxed, "ajwt app list shows which");
  return untold("no setting weakens it; that each mint is held to it was not tried here",
                "ajwt demo attack tries it");
}

Judgement judge_p2(const Evidence& evidence, const Findings&) {
  if (status_of(evidence) == nullptr) return no_word("P2");
  return untold("no setting weakens it; that each mint is held to it was not tried here",
                "ajwt demo attack tries it");
}

Judgement judge_p3(const Evidence& evidence, const Findings&) {
  const json::Object* status = status_of(evidence);
  if (status == nullptr) return no_word("P3");
  const std::string relaxed = find_relaxed(*status, "P3");
  if (!relaxed.empty()) return limited(relaxed, "ajwt app list shows which");
  return limited(
      "no setting weakens it; steps end by the word of the agent that holds them; guards' receipts "
      "come later",
      "nothing to set yet");
}

Judgement judge_p4(const Evidence& evidence, const Findings& findings) {
  if (evidence.guards.empty()) {
    return untold("no guard was looked at", "give --guard URL for each of them");
  }
  const Verdict verdict = worst(findings, {"guard.refusal", "guard.bearer", "guard.keys",
                                           "guard.authorization", "guard.resource"});
  if (verdict == Verdict::kFail) {
    return {Verdict::kFail, "not kept at every guard: see what fails above", "mend that first"};
  }
  if (verdict == Verdict::kUnknown) {
    return untold("not everything about the guards could be seen", "see what is unknown above");
  }
  if (evidence.guards.size() == 1) {
    return kept(
        "a proof is good once at this guard, and none outlives its memory; a second guard "
        "for the same audience would share nothing with it");
  }
  return limited("a proof is good once at each guard; guards share no memory",
                 "use one guard for each audience");
}

Judgement judge_p5(const Evidence& evidence, const Findings& findings) {
  switch (worst(findings, {"authority.store", "authority.audit"})) {
    case Verdict::kOk:
      return kept("the store syncs each write before the token leaves, the audit entry with it");
    case Verdict::kWarn:
    case Verdict::kFail:
      return {Verdict::kFail, "not kept: see authority.store and authority.audit",
              "mend that first"};
    case Verdict::kUnknown:
      break;
  }
  (void)evidence;
  return no_word("P5");
}

Judgement judge_p6(const Evidence&, const Findings&) {
  return {Verdict::kWarn,
          "not kept yet: approvals and intents come later; what lies behind an "
          "approval gate is refused",
          "leave gates out of workflows that must run now"};
}

Judgement judge_p7(const Evidence& evidence, const Findings&) {
  const json::Object* status = status_of(evidence);
  if (status == nullptr) return no_word("P7");
  return limited("a revoked agent mints nothing at once; a token that is out lives up to " +
                     seconds_of(*status, "intent_token") + " s, an application's own up to " +
                     seconds_of(*status, "access_token") + " s",
                 "lower intent_token_lifetime if that is too long");
}

Judgement judge_p8(const Evidence& evidence, const Findings& findings) {
  const Verdict verdict =
      evidence.guards.empty()
          ? worst(findings, {"authority.refusal", "authority.path", "authority.authorization"})
          : worst(findings, {"authority.refusal", "authority.path", "authority.authorization",
                             "guard.refusal", "guard.path", "guard.authorization", "guard.bearer"});
  if (verdict == Verdict::kFail) {
    return {Verdict::kFail, "not kept everywhere: see what fails above", "mend that first"};
  }
  if (verdict == Verdict::kUnknown) {
    return untold("not every door could be tried", "see what is unknown above");
  }
  if (const json::Object* status = status_of(evidence)) {
    const std::string relaxed = find_relaxed(*status, "P8");
    if (!relaxed.empty()) return limited(relaxed, "see authority.settings");
  }
  return kept("every doubtful request that was tried is refused with its reason");
}

Judgement judge_p9(const Evidence&, const Findings&) {
  return untold("a property of the shim within the agents' own processes",
                "hold each agent by its own handle (docs/how-to/adopt-the-shim.md)");
}

Judgement judge_p10(const Evidence& evidence, const Findings& findings) {
  (void)evidence;
  switch (worst(findings, {"authority.files"})) {
    case Verdict::kOk:
      return kept(
          "key and database are the server's user's alone; whoever has both, as in a backup, "
          "can read the prompts");
    case Verdict::kWarn:
    case Verdict::kFail:
      return {Verdict::kFail, "not kept against other users of the machine: see authority.files",
              "mend that first"};
    case Verdict::kUnknown:
      break;
  }
  return no_word("P10");
}

constexpr auto kPromiseChecks = std::to_array<PromiseCheck>({
    {"P1", "protocol P1", judge_p1},
    {"P2", "protocol P2", judge_p2},
    {"P3", "protocol P3", judge_p3},
    {"P4", "protocol P4", judge_p4},
    {"P5", "protocol P5", judge_p5},
    {"P6", "protocol P6", judge_p6},
    {"P7", "protocol P7", judge_p7},
    {"P8", "protocol P8", judge_p8},
    {"P9", "protocol P9", judge_p9},
    {"P10", "protocol P10", judge_p10},
});

}  // namespace

std::span<const PromiseCheck> promise_checks() { return kPromiseChecks; }

}  // namespace ajwt::app
