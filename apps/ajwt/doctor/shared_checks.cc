// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/doctor/checks.h"

#include <string>

#include "apps/ajwt/support/time_text.h"
#include "http/http_date.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr Seconds kMostBehind{60};
constexpr Seconds kMostAhead{30};
constexpr Seconds kCertificateWarning{21 * 86400};

std::string seconds_text(Seconds seconds) { return std::to_string(seconds.count()) + " s"; }

// says_json tells whether the answer is one of ours: with a reason from the table.
bool has_own_reason(const Observed& observed) { return find_reason(observed.reason()).has_value(); }

std::string status_text(const Observed& observed) {
  if (!observed.answer) return "no answer";
  const std::string reason = observed.reason();
  return "status " + std::to_string(observed.answer->status) +
         (reason.empty() ? "" : " (" + reason + ")");
}

}  // namespace

Judgement unreachable(const Observed& observed, std::string_view next) {
  const std::string detail = observed.answer ? std::string() : observed.answer.error().detail();
  return {Verdict::kFail,
          (observed.answer ? status_text(observed) : "no answer") +
              (detail.empty() ? "" : ": " + detail),
          std::string(next), ExitCode::kUnavailable};
}

Judgement no_answer(const Observed& observed, std::string_view next) {
  return {Verdict::kUnknown, status_text(observed), std::string(next)};
}

bool is_health_elsewhere(const Observed& health) {
  return health.has_status(404) && health.reason() == reason_of(Code::k_not_found).name;
}

Judgement health_elsewhere() {
  return {Verdict::kUnknown, "its health is asked at a management address",
          "ajwt health --management URL"};
}

Judgement judge_clock(const Observed& observed) {
  if (!observed.answer) {
    return {Verdict::kUnknown, "no answer to compare with", "make it reachable first"};
  }
  const auto theirs = http::parse_http_date(observed.header("Date"));
  if (!theirs) return {Verdict::kUnknown, "its answer has no Date", "let the proxy pass Date on"};
  // The answer was dated between the two; what lies in there is no difference.
  const Instant there = *theirs;
  const Seconds ahead = there < observed.asked      ? observed.asked - there
                        : there > observed.answered ? observed.answered - there
                                                    : Seconds(0);
  const std::string found =
      ahead == Seconds(0)
          ? "this machine's clock agrees"
          : "this machine's clock is " + seconds_text(ahead < Seconds(0) ? -ahead : ahead) +
                (ahead < Seconds(0) ? " behind" : " ahead") + "; proofs are taken from " +
                seconds_text(kMostBehind) + " behind to " + seconds_text(kMostAhead) + " ahead";
  if (ahead > kMostAhead || ahead < -kMostBehind) {
    return {Verdict::kFail, found, "set both clocks by NTP"};
  }
  if (ahead > kMostAhead / 2 || ahead < -kMostBehind / 2) {
    return {Verdict::kWarn, found, "set both clocks by NTP"};
  }
  return {Verdict::kOk, found};
}

Judgement judge_certificate(std::string_view url,
                            const std::optional<Result<http::Certificate>>& certificate,
                            Instant now) {
  if (!certificate) {
    return {Verdict::kOk, std::string(url) + " is loopback: plain http stays on this machine"};
  }
  if (!*certificate) {
    return {Verdict::kFail, "no TLS: " + certificate->error().detail(),
            "give it a certificate for this host by an authority that this machine trusts, or name "
            "that authority with --ca-file",
            ExitCode::kUnavailable};
  }
  const Instant end = (*certificate)->not_after;
  const std::string found = "its certificate ends " + dated_text(end, now);
  if (end - now < kCertificateWarning) return {Verdict::kWarn, found, "renew it"};
  return {Verdict::kOk, found};
}

Judgement judge_refusal(const Observed& observed) {
  if (!observed.answer) return no_answer(observed, "make it reachable first");
  const int status = observed.answer->status;
  if (status < 400) {
    return {
        Verdict::kFail, "a request without a token is answered with " + std::to_string(status),
        "something else answers at this URL, or nothing guards it: look where the proxy sends it",
        ExitCode::kDefenceFailed};
  }
  if (observed.reason() == reason_of(Code::k_route_unknown).name) {
    return {Verdict::kUnknown, "no route of the policy matches the probe",
            "give --request with a method and path that the policy names"};
  }
  if (!has_own_reason(observed)) {
    return {Verdict::kFail, status_text(observed) + " is not an answer of ajwt",
            "let the proxy pass refusals on as they are (nginx: proxy_intercept_errors off)"};
  }
  if (status != 401) {
    return {Verdict::kUnknown, status_text(observed) + " where 401 was expected",
            "ajwt reasons " + observed.reason()};
  }
  if (!observed.header(names::kWwwAuthenticate).starts_with(names::kDpop)) {
    return {Verdict::kFail, "401 without a DPoP challenge: something takes WWW-Authenticate away",
            "let the proxy pass WWW-Authenticate on"};
  }
  if (observed.header(names::kDpopNonce).empty()) {
    return {Verdict::kFail,
            "401 without DPoP-Nonce: something takes it away, and no client can "
            "make a proof",
            "let the proxy pass DPoP-Nonce on"};
  }
  if (observed.header("Cache-Control").find("no-store") == std::string::npos) {
    return {Verdict::kFail, "a refusal with a nonce may be stored: Cache-Control was changed",
            "let the proxy pass Cache-Control on"};
  }
  return {Verdict::kOk, "a request without a token gets 401 with a DPoP challenge and a nonce"};
}

Judgement judge_authorization(const Observed& observed) {
  if (!observed.answer || !has_own_reason(observed)) {
    return {Verdict::kUnknown, status_text(observed), "see the checks above"};
  }
  const std::string reason = observed.reason();
  if (reason == reason_of(Code::k_token_missing).name ||
      reason == reason_of(Code::k_token_required).name) {
    return {Verdict::kFail,
            "a token was sent and did not arrive: something takes Authorization away",
            "let the proxy pass Authorization on"};
  }
  if (reason == reason_of(Code::k_token_duplicated).name) {
    return {Verdict::kFail, "one token was sent and two arrived: something adds Authorization",
            "let the proxy add no Authorization of its own"};
  }
  if (observed.answer->status < 400) {
    return {Verdict::kFail, "a made-up token is let through", "look where the proxy sends it",
            ExitCode::kDefenceFailed};
  }
  if (observed.answer->status != 401 && observed.answer->status != 400) {
    return {Verdict::kUnknown, status_text(observed), "ajwt reasons " + reason};
  }
  return {Verdict::kOk, "a token arrives, and a made-up one is refused (" + reason + ")"};
}

Judgement judge_cache(const Doors& doors) {
  const std::string first = doors.bare.body().text(names::kDecisionId);
  const std::string second = doors.again.body().text(names::kDecisionId);
  if (first.empty() || second.empty()) {
    return {Verdict::kUnknown, "the answers have no decision_id", "see the checks above"};
  }
  if (first == second || !doors.again.header("Age").empty()) {
    return {Verdict::kFail, "two requests got one and the same answer: something keeps answers",
            "switch the proxy's cache off for this host"};
  }
  return {Verdict::kOk, "every request is decided anew: nothing in between keeps answers"};
}

Judgement judge_path(const Observed& observed) {
  if (!observed.answer) return no_answer(observed, "make it reachable first");
  if (observed.reason() == reason_of(Code::k_request_malformed).name) {
    return {Verdict::kOk, "a path with an encoded slash arrives as it was sent, and is refused"};
  }
  if (has_own_reason(observed)) {
    return {
        Verdict::kFail,
        "an encoded slash was decoded on the way: paths are judged other than clients send them",
        "let the proxy forward the path as it is (nginx: proxy_pass without a path)"};
  }
  // A proxy that refuses such paths itself protects as well.
  if (observed.answer->status >= 400 && observed.answer->status < 500) {
    return {Verdict::kOk, "a path with an encoded slash is refused before it arrives (" +
                              status_text(observed) + ")"};
  }
  return {Verdict::kFail, "a path with an encoded slash is answered: " + status_text(observed),
          "look where the proxy sends it"};
}

std::vector<Finding> examine(const Evidence& evidence) {
  std::vector<Finding> found;
  for (const AuthorityCheck& check : authority_checks()) {
    found.push_back(
        {check.name, check.source, evidence.authority.url, check.judge(evidence.authority)});
  }
  for (const GuardEvidence& guard : evidence.guards) {
    for (const GuardCheck& check : guard_checks()) {
      found.push_back(
          {check.name, check.source, guard.target.url, check.judge(guard, evidence.authority)});
    }
  }
  std::vector<Finding> promises;
  for (const PromiseCheck& check : promise_checks()) {
    promises.push_back({check.name, check.source, {}, check.judge(evidence, found)});
  }
  found.insert(found.end(), promises.begin(), promises.end());
  return found;
}

}  // namespace ajwt::app
