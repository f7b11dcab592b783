// SPDX-License-Identifier: Apache-2.0
//
// The guard's judgement about one HTTP request, between the reverse proxy that asks for it and the
// verifier that makes it.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/http_message.h"
#include "gateway/decision_observer.h"
#include "guard/policy.h"
#include "guard/verifier.h"
#include "http/jwks_source.h"
#include "http/reverse_proxy.h"

namespace ajwt::gateway {

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

// GuardJudge lets a request through if the verifier makes a VerifiedRequest of it. It takes away
// what the client says of its own identity (guard::is_identity_header), sets what was verified and
// the address that the client used (X-Forwarded-Proto and -Host from the public URL), and lets no
// answer of the service speak in the guard's voice (guard::is_guards_answer_field). Answer and
// forwarded request carry the decision's id (X-Ajwt-Decision-Id); the request also carries the
// guard's span as its parent (traceparent), and never what the client wrote there.
//
// Nothing is forwarded, and no body of more than 16 KiB is read, for a request that no route names
// or whose token or proof is not good (guard::Verifier::verify_head). Once the body is there,
// everything is judged again, for time has passed.
class GuardJudge final : public http::ProxyJudge {
 public:
  explicit GuardJudge(GuardJudgeOptions options) : options_(options) {}

  // open sets the URL by which clients address the guard ("https://api.example", without path) and
  // begins to judge; until then every request is answered with k_keys_unavailable. Called once.
  void open(std::string public_url);

  http::ProxyDecision judge(const HttpRequest& head) override;
  http::ProxyDecision judge_with_body(const HttpRequest& whole) override;
  // on_refused makes a decision of the engine's refusal: told, numbered and answered like any
  // other.
  HttpResponse on_refused(const HttpRequest* head, const Error& error) override;

 private:
  struct Case;
  class Passage;
  Case begin(const HttpRequest& request) const;
  Status match(Case& judged) const;
  http::ProxyDecision decide(Case& judged, std::optional<ByteView> body);
  Status may_send_body(Case& judged);
  Status verify_head(Case& judged);
  Result<guard::VerifiedRequest> verify(Case& judged, std::optional<ByteView> body);
  template <class Verify>
  auto with_keys(Verify verify);
  http::Forward forward(const Case& judged, const guard::VerifiedRequest& verified) const;
  HttpResponse refuse_request(const Case& judged, const Error& error);
  HttpResponse write_refusal(const Case& judged, const Error& error) const;
  void tell(const Case& judged, const Error* error, std::optional<int> status);
  static Decision describe(const Case& judged, const std::string& method, const Error* error,
                           std::optional<int> status);

  const GuardJudgeOptions options_;
  std::string public_url_;
  std::string public_scheme_;
  std::string public_authority_;
  std::atomic<bool> open_{false};
};

// resource_metadata_url returns where a guard at this URL describes itself (RFC 9728 3).
std::string resource_metadata_url(std::string_view public_url);

}  // namespace ajwt::gateway
