// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "apps/ajwt/doctor/checks.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr std::string_view kStartGuard = "start it (ajwt guard --config FILE), or correct --guard";

Judgement no_probe() {
  return {Verdict::kUnknown, "a guard judges tokens on its routes alone, and no route is known",
          "give --guard-config FILE, or --request \"GET /path\" with a route of its policy"};
}

// cause_of returns why a guard has no keys, as its readiness tells it.
std::string cause_of(const json::Object& readiness) {
  const json::Object* parts = readiness.find_object("components");
  const json::Object* keys = parts == nullptr ? nullptr : parts->find_object("keys");
  return keys == nullptr ? std::string() : keys->text("cause");
}

Judgement judge_guard_ready(const GuardEvidence& guard, const AuthorityEvidence&) {
  if (guard.ready.has_status(200)) return {Verdict::kOk, "it has keys and answers"};
  if (!guard.ready.answer) return unreachable(guard.ready, kStartGuard);
  const std::string reason = guard.ready.reason();
  const std::string cause = cause_of(guard.ready.body());
  if (is_health_elsewhere(guard.ready)) return health_elsewhere();
  if (reason.empty()) {
    return {Verdict::kFail,
            "what answers is no guard: status " + std::to_string(guard.ready.answer->status),
            "correct --guard, or let the proxy pass /-/health/ready on", ExitCode::kUnavailable};
  }
  return {Verdict::kFail, "not ready: " + reason + (cause.empty() ? "" : ", since " + cause),
          "let it reach its jwks_uri", ExitCode::kUnavailable};
}

Judgement judge_resource(const GuardEvidence& guard, const AuthorityEvidence&) {
  if (!guard.metadata.has_status(200)) {
    return no_answer(guard.metadata, "make /.well-known/oauth-protected-resource reachable");
  }
  const std::string resource = guard.metadata.body().text("resource");
  if (resource == guard.target.url) {
    return {Verdict::kOk, "it expects proofs for the URL that clients use"};
  }
  return {Verdict::kFail,
          "it expects proofs for " + resource + " and is addressed as " + guard.target.url +
              ": every proof is refused (proof_uri_mismatch)",
          "set public_url of the guard to the URL that clients use"};
}

Judgement judge_issuer(const GuardEvidence& guard, const AuthorityEvidence& authority) {
  const json::Object body = guard.metadata.body();
  const json::Array* servers = body.find_array("authorization_servers");
  if (servers == nullptr) return {Verdict::kUnknown, "it names no authority", "see guard.resource"};
  const json::Value expected(authority.url);
  if (std::find(servers->begin(), servers->end(), expected) != servers->end()) {
    return {Verdict::kOk, "it takes the tokens of this authority"};
  }
  std::string named;
  for (const json::Value& server : *servers) {
    if (const std::string* text = server.find_string()) named += " " + *text;
  }
  return {
      Verdict::kFail, "it takes the tokens of" + named + ", not of " + authority.url,
      "set issuer of the guard to " + authority.url + ", or ask the doctor about that authority"};
}

// judge_other_answer is about an answer to `what` that is not the refusal which it should get.
Judgement judge_other_answer(const std::string& what, const Observed& observed) {
  if (observed.answer->status < 400) {
    return {Verdict::kFail, what + " is let through", "take the service off the network",
            ExitCode::kDefenceFailed};
  }
  const std::string reason = observed.reason();
  return {Verdict::kUnknown, what + " is refused for another cause: " + reason,
          reason.empty() ? "see guard.refusal" : "ajwt reasons " + reason};
}

// The forged token names a key of the authority. Whoever has that key finds the signature wrong.
Judgement judge_guard_keys(const GuardEvidence& guard, const AuthorityEvidence&) {
  if (!guard.target.probe) return no_probe();
  if (!guard.forged) {
    return {Verdict::kUnknown, "the authority's keys are not known", "see authority.keys"};
  }
  if (!guard.forged->answer) return no_answer(*guard.forged, "see guard.ready");
  const std::string reason = guard.forged->reason();
  if (reason == reason_of(Code::k_jws_signature_invalid).name) {
    return {Verdict::kOk, "it has the authority's key: a forged signature is refused for itself"};
  }
  if (reason == reason_of(Code::k_key_unknown).name ||
      reason == reason_of(Code::k_keys_unavailable).name) {
    return {Verdict::kFail, "it has not the keys of this authority (" + reason + ")",
            "set jwks_uri of the guard to the authority's, and let it reach that"};
  }
  return judge_other_answer("a forged token", *guard.forged);
}

Judgement judge_guard_tls(const GuardEvidence& guard, const AuthorityEvidence&) {
  return judge_certificate(guard.target.url, guard.certificate, guard.ready.answered);
}
Judgement judge_guard_clock(const GuardEvidence& guard, const AuthorityEvidence&) {
  return judge_clock(guard.ready);
}
Judgement judge_guard_refusal(const GuardEvidence& guard, const AuthorityEvidence&) {
  if (!guard.doors) return no_probe();
  const Observed& bare = guard.doors->bare;
  // What is no answer of ours says nothing about a profile.
  const bool is_ours = bare.reason() == reason_of(Code::k_token_missing).name;
  if (is_ours && bare.header(names::kWwwAuthenticate).starts_with(names::kBearer)) {
    return {Verdict::kUnknown, "the route that was tried is of profile draft-00 (bearer tokens)",
            "give --request with a route that does not name the profile"};
  }
  return judge_refusal(bare);
}
Judgement judge_guard_token(const GuardEvidence& guard, const AuthorityEvidence&) {
  return guard.doors ? judge_authorization(guard.doors->with_token) : no_probe();
}
Judgement judge_guard_cache(const GuardEvidence& guard, const AuthorityEvidence&) {
  return guard.doors ? judge_cache(*guard.doors) : no_probe();
}
Judgement judge_guard_path(const GuardEvidence& guard, const AuthorityEvidence&) {
  return judge_path(guard.encoded);
}

Judgement judge_bearer(const GuardEvidence& guard, const AuthorityEvidence&) {
  if (!guard.bearer) return no_probe();
  if (!guard.bearer->answer) return no_answer(*guard.bearer, "see guard.ready");
  if (guard.bearer->reason() == reason_of(Code::k_token_scheme_refused).name) {
    return {Verdict::kOk, "a bearer token is refused, whatever it says"};
  }
  return judge_other_answer("a bearer token", *guard.bearer);
}

// What a guard publishes of its policy is its scopes.
Judgement judge_file(const GuardEvidence& guard, const AuthorityEvidence&) {
  if (!guard.target.file) {
    return {Verdict::kUnknown, "no file to compare with", "give --guard-config FILE"};
  }
  if (!guard.metadata.has_status(200)) {
    return {Verdict::kUnknown, "it does not describe itself", "see guard.resource"};
  }
  const gateway::GuardOptions& file = *guard.target.file;
  const json::Object body = guard.metadata.body();
  std::string differs;
  const auto note = [&](std::string_view what) {
    differs += (differs.empty() ? "" : ", ") + std::string(what);
  };
  if (body.text("resource") != file.public_url) note("public_url");
  const json::Array* servers = body.find_array("authorization_servers");
  if (servers == nullptr || *servers != json::string_array({file.issuer})) note("issuer");
  std::set<std::string> scopes;
  for (const guard::Route& route : file.policy.routes()) {
    scopes.insert(route.scopes.begin(), route.scopes.end());
  }
  const json::Array* running = body.find_array("scopes_supported");
  if (running == nullptr || *running != json::string_array({scopes.begin(), scopes.end()})) {
    note("scopes of the routes");
  }
  if (differs.empty()) {
    return {Verdict::kOk, "what it says of itself is what the file says; routes are not published"};
  }
  return {Verdict::kFail, "it runs with other settings than the file: " + differs,
          "start it again with this file"};
}

constexpr auto kGuardChecks = std::to_array<GuardCheck>({
    {"guard.ready", "http-api.md", judge_guard_ready},
    {"guard.resource", "RFC 9728 3.3", judge_resource},
    {"guard.issuer", "RFC 9728 2", judge_issuer},
    {"guard.keys", "protocol 8", judge_guard_keys},
    {"guard.tls", "RFC 8446", judge_guard_tls},
    {"guard.clock", "protocol 6.1", judge_guard_clock},
    {"guard.refusal", "RFC 9449 7.1", judge_guard_refusal},
    {"guard.authorization", "RFC 9449 7.1", judge_guard_token},
    {"guard.bearer", "RFC 9449 7.1", judge_bearer},
    {"guard.cache", "RFC 9449 8.2", judge_guard_cache},
    {"guard.path", "protocol 8", judge_guard_path},
    {"guard.file", "", judge_file},
});

}  // namespace

std::span<const GuardCheck> guard_checks() { return kGuardChecks; }

}  // namespace ajwt::app
