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

constexpr char kShowWhich[] =
    "ajwt app list, ajwt draft-00 list APP and the guards' files show which";

void append(std::string& list, std::string_view separator, const std::string& item) {
  if (!list.empty() && !item.empty()) list += separator;
  list += item;
}

Judgement kept(std::string found) { return {Verdict::kOk, "kept: " + std::move(found)}; }
Judgement limited(std::string found, std::string next) {
  return {Verdict::kWarn, "kept with a limit: " + std::move(found), std::move(next)};
}
// `weakened` is what is known to take from the promise all the same.
Judgement untold(std::string found, std::string next, const std::string& weakened = {}) {
  append(found, "; ", weakened);
  return {Verdict::kUnknown, std::move(found), std::move(next)};
}

const json::Object* status_of(const Evidence& evidence) {
  const auto& status = evidence.authority.status;
  return status && *status ? &**status : nullptr;
}

Judgement no_word(std::string_view promise, const std::string& weakened = {}) {
  return untold("only the authority's own word tells (see authority.settings)",
                "give an administrator's profile to see " + std::string(promise), weakened);
}

// find_relaxed returns what settings weaken this promise; empty if none does.
std::string find_relaxed(const json::Object& status, std::string_view promise) {
  std::string found;
  const json::Array* relaxed = status.find_array("relaxed");
  if (relaxed == nullptr) return found;
  for (const json::Value& row : *relaxed) {
    const json::Object* object = row.find_object();
    if (object == nullptr || object->text("promise") != promise) continue;
    append(
        found, "; ",
        object->text("setting") + " is " + object->text("value") + ": " + object->text("effect"));
  }
  return found;
}

// find_routes returns those of the guards' files that the rule finds: "POST /refunds of URL".
std::string find_routes(const Evidence& evidence, bool (*finds)(const guard::Route&)) {
  std::string found;
  for (const GuardEvidence& guard : evidence.guards) {
    if (!guard.target.file) continue;
    std::string routes;
    for (const guard::Route& route : guard.target.file->policy.routes()) {
      if (finds(route)) append(routes, ", ", route.method + " " + route.path);
    }
    if (!routes.empty()) append(found, ", ", routes + " of " + guard.target.url);
  }
  return found;
}

// count_draft_00 returns who speaks the profile at the authority: "2 clients, 1 agent".
std::string count_draft_00(const Evidence& evidence) {
  const json::Object* status = status_of(evidence);
  const json::Object* counts = status == nullptr ? nullptr : status->find_object("draft_00");
  if (counts == nullptr) return {};
  std::string found;
  for (const std::string_view kind : {"client", "agent"}) {
    const std::int64_t* count = counts->find_integer(std::string(kind) + "s");
    if (count == nullptr || *count == 0) continue;
    append(found, ", ",
           std::to_string(*count) + " " + std::string(kind) + (*count == 1 ? "" : "s"));
  }
  return found.empty() ? found : found + " at the authority";
}

// find_draft_00 says where profile draft-00 is spoken, and what it takes from a promise; empty if
// it is nowhere.
std::string find_draft_00(const Evidence& evidence, std::string_view effect) {
  std::string where = count_draft_00(evidence);
  append(where, ", ", find_routes(evidence, [](const guard::Route& route) {
           return route.profile == guard::TokenProfile::kDraft00;
         }));
  if (where.empty()) return where;
  return "profile draft-00 (" + where + "): " + std::string(effect);
}

template <guard::ProofBinding binding>
bool is_bound_by(const guard::Route& route) {
  return route.profile == guard::TokenProfile::kStrict && route.proof == binding;
}

// find_unbound says at which routes a proof binds less of the request than ajwt's own does.
std::string find_unbound(const Evidence& evidence) {
  std::string found;
  const std::string head = find_routes(evidence, is_bound_by<guard::ProofBinding::kHead>);
  if (!head.empty()) {
    append(found, "; ",
           "proof \"head\" (" + head + "): the body is not bound, and may be changed on the way");
  }
  const std::string rfc9449 = find_routes(evidence, is_bound_by<guard::ProofBinding::kRfc9449>);
  if (!rfc9449.empty()) {
    append(found, "; ",
           "proof \"rfc9449\" (" + rfc9449 +
               "): query and body need not be bound, and may then be changed on the way");
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

// find_weakened says what takes from a promise: profile draft-00 and settings of the authority.
std::string find_weakened(const Evidence& evidence, std::string_view promise,
                          std::string_view effect_of_draft_00) {
  std::string found = find_draft_00(evidence, effect_of_draft_00);
  if (const json::Object* status = status_of(evidence)) {
    append(found, "; ", find_relaxed(*status, promise));
  }
  return found;
}

Judgement judge_p1(const Evidence& evidence, const Findings&) {
  const std::string weakened =
      find_weakened(evidence, "P1", "an agent proves no key, and a checksum is no secret");
  if (status_of(evidence) == nullptr) return no_word("P1", weakened);
  if (!weakened.empty()) return limited(weakened, kShowWhich);
  return untold("no setting weakens it; that each mint is held to it was not tried here",
                "ajwt demo attack tries it");
}

Judgement judge_p2(const Evidence& evidence, const Findings&) {
  if (status_of(evidence) == nullptr) return no_word("P2");
  return untold("no setting weakens it; that each mint is held to it was not tried here",
                "ajwt demo attack tries it");
}

Judgement judge_p3(const Evidence& evidence, const Findings&) {
  const std::string weakened =
      find_weakened(evidence, "P3", "completed steps and chain are the client's word");
  if (status_of(evidence) == nullptr) return no_word("P3", weakened);
  if (!weakened.empty()) return limited(weakened, kShowWhich);
  return limited(
      "no setting weakens it; steps end by the word of the agent that holds them; guards' receipts "
      "come later",
      "nothing to set yet");
}

Judgement judge_p4(const Evidence& evidence, const Findings& findings) {
  std::string weakened =
      find_draft_00(evidence, "a token is good for whoever holds it, until it expires");
  append(weakened, "; ", find_unbound(evidence));
  if (evidence.guards.empty()) {
    return untold("no guard was looked at", "give --guard URL for each of them", weakened);
  }
  const Verdict verdict = worst(findings, {"guard.refusal", "guard.bearer", "guard.keys",
                                           "guard.authorization", "guard.resource"});
  if (verdict == Verdict::kFail) {
    return {Verdict::kFail, "not kept at every guard: see what fails above", "mend that first"};
  }
  if (verdict == Verdict::kUnknown) {
    return untold("not everything about the guards could be seen", "see what is unknown above",
                  weakened);
  }
  // What routes bind is not published.
  if (worst(findings, {"guard.file"}) != Verdict::kOk) {
    return untold(
        "a proof is good once; only the file that a guard runs with tells what its routes bind",
        "see guard.file", weakened);
  }
  if (evidence.guards.size() > 1) {
    append(weakened, "; ", "a proof is good once at each guard; guards share no memory");
  }
  if (!weakened.empty()) {
    return limited(weakened,
                   "register such agents with a key, let such routes bind more, use one guard for "
                   "each audience");
  }
  return kept(
      "a proof is good once at this guard, and none outlives its memory; a second guard "
      "for the same audience would share nothing with it");
}

Judgement judge_p5(const Evidence&, const Findings& findings) {
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

Judgement judge_p10(const Evidence&, const Findings& findings) {
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
