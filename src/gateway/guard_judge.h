// SPDX-License-Identifier: Apache-2.0
//
// The guard's judgement about one HTTP request, between the form of the guard that asks for it
// (gateway/proxy_form.h, gateway/auth_request_form.h) and the verifier that makes it.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/http_message.h"
#include "base/trace_context.h"
#include "gateway/decision_observer.h"
#include "guard/policy.h"
#include "guard/verifier.h"
#include "http/jwks_source.h"

namespace ajwt::gateway {

// kDecisionField names the decision in every answer and in what the service gets.
inline constexpr std::string_view kDecisionField = "X-Ajwt-Decision-Id";

// GuardJudgeOptions are what the judge works with; everything that is referred to outlives it.
struct GuardJudgeOptions {
  const guard::Verifier& verifier;
  const guard::Policy& policy;
  http::JwksSource& keys;
  const Clock& clock;
  DecisionObserver& observer;
  // How long the one request waits that asks for keys because it names an unknown one.
  std::chrono::milliseconds key_patience{2000};
};

// Case is one request on its way to a decision. `request` outlives it until the decision is told;
// the rest is what can be told of the request after that.
struct Case {
  const HttpRequest& request;
  std::string method;
  std::string decision_id;
  Instant now;
  std::chrono::steady_clock::time_point begun;
  Span span;                            // the guard's own, of the request's trace
  const guard::Route* route = nullptr;  // once it is matched
  guard::Trace trace = {};
  std::optional<guard::BodyBinding> body = std::nullopt;  // once it is let through
};

// Pass is leave to let a request through: there is none without what the verifier made of it.
struct Pass {
  guard::VerifiedRequest verified;
  // RFC 9449 8.2: the next nonce goes with the answer, so that no request is spent on asking for
  // it; absent while the proof's own is the newest. Such an answer must not come from a cache.
  std::optional<std::string> next_nonce;
};

// Ending is what became of a request that was let through and forwarded, as Delivery has it.
struct Ending {
  const Error* failure;  // that the guard answered with; null: none
  std::optional<Code> failed;
  int status;
  std::chrono::microseconds took;
};

// GuardJudge decides and tells; what becomes of the decision is the form's to do. For each request:
// begin, match, then judge, or verify_head before a body is read; and refuse_request for whatever
// was refused on the way. A form that forwards tells the end (tell_delivery). Safe for concurrent
// use.
class GuardJudge {
 public:
  explicit GuardJudge(GuardJudgeOptions options) : options_(options) {}

  // open sets the URL by which clients address the guard ("https://api.example", without path) and
  // begins to judge; until then every request is refused with k_keys_unavailable. Called once.
  void open(std::string public_url);
  // public_url returns it; only for a request that was matched.
  const std::string& public_url() const { return public_url_; }

  Case begin(const HttpRequest& request) const;

  // match finds the request's route. Refuses k_keys_unavailable before open, what http::check_path
  // refuses, k_route_unknown.
  Status match(Case& judged) const;

  // verify_head is guard::Verifier::verify_head: whether a body is worth reading.
  Status verify_head(Case& judged);

  // judge verifies a matched request and tells if it lets it through; `status` is that of the
  // form's answer if this ends the matter (Decision::status). Refuses what guard::Verifier::verify
  // refuses.
  Result<Pass> judge(Case& judged, guard::BodySight sight, std::optional<ByteView> body,
                     std::optional<int> status);

  // refuse_request tells a refusal and returns its answer (guard::challenge), which names where
  // tokens come from (RFC 9728 5.1), and the decision.
  HttpResponse refuse_request(const Case& judged, const Error& error);

  // write_refusal returns the same answer to a request that was let through already, and tells
  // nothing. Does not look at the case's request.
  HttpResponse write_refusal(const Case& judged, const Error& error) const;

  // tell_delivery tells the end of a request that was let through and forwarded. Does not look at
  // the case's request.
  void tell_delivery(const Case& judged, const Ending& ending);

 private:
  Result<guard::VerifiedRequest> verify(Case& judged, guard::BodySight sight,
                                        std::optional<ByteView> body);
  template <class Verify>
  auto with_keys(Verify verify);
  std::optional<std::string> next_nonce(const Case& judged) const;
  void tell(const Case& judged, const Error* error, std::optional<int> status);

  const GuardJudgeOptions options_;
  std::string public_url_;
  std::atomic<bool> open_{false};
};

// resource_metadata_url returns where a guard at this URL describes itself (RFC 9728 3).
std::string resource_metadata_url(std::string_view public_url);

}  // namespace ajwt::gateway
