// SPDX-License-Identifier: Apache-2.0
//
// Routes of profile draft-00, and everything else in the face of its tokens (protocol 5.3).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "guard/checks.h"
#include "json/parse.h"
#include "tests/support/verifier_fixture.h"

namespace ajwt::guard {
namespace {

using testing::kAudience;
using testing::kIssuer;
using testing::kNow;

DraftToken draft_claims() {
  return DraftToken{
      .iss = std::string(kIssuer),
      .aud = std::string(kAudience),
      .sub = "patcher",
      .client_id = AppId::trusted("patchet"),
      .iat = kNow,
      .nbf = kNow,
      .exp = kNow + Seconds(300),
      .jti = "j",
      .scope = {"manifest:write"},
      .agent = DraftToken::Agent{
          .step = DraftToken::Agent::Step{WorkflowId::trusted("patch"), StepId::trusted("apply")},
          .delegation_chain = std::string(16, 'a'),
          .step_sequence_hash = std::string(16, 'b'),
          .registration_id = RegistrationId::trusted("reg_1"),
          .agent_checksum = std::string(64, 'c')}};
}

Route draft_route() {
  return Route{.method = "POST",
               .path = "/manifests/{name}",
               .apps = {AppId::trusted("patchet")},
               .scopes = {"manifest:write"},
               .profile = TokenProfile::kDraft00,
               .token = TokenKind::kIntent,
               .workflow = WorkflowId::trusted("patch"),
               .steps = {StepId::trusted("apply")},
               .tool = std::nullopt,
               .proof = ProofBinding::kBound,
               .max_body_bytes = kDefaultMaxBodyBytes};
}

class DraftRoute : public VerifierTest {
 protected:
  DraftRoute() { route = draft_route(); }
  std::string issued(const DraftToken& token) {
    return *issue_draft_token(token, authority, jose::thumbprint(authority.public_key()));
  }
  Result<VerifiedRequest> present(std::string field) {
    field_ = std::move(field);
    RequestFacts facts{.method = "POST",
                       .uri = "https://api.example/manifests/a",
                       .query = "",
                       .authorization = {field_},
                       .dpop = {},
                       .body = ByteView()};
    return verify(facts);
  }
  Result<VerifiedRequest> bearer(const DraftToken& token) {
    return present("Bearer " + issued(token));
  }

 private:
  std::string field_;
};

TEST_F(DraftRoute, TakesABearerTokenOfTheProfile) {
  const auto verified = bearer(draft_claims());
  ASSERT_THAT(verified, IsOk());
  EXPECT_EQ(verified->token(), nullptr);
  ASSERT_NE(verified->draft_token(), nullptr);
  const HttpHeaders headers = identity_headers(*verified);
  EXPECT_EQ(headers.find("X-Agent-Profile"), "draft-00");
  EXPECT_EQ(headers.find("X-Agent-Id"), "patcher");
  EXPECT_EQ(headers.find("X-Agent-Subject"), std::nullopt)
      << "a service that knows nothing of the profile must find nobody";
  EXPECT_EQ(headers.find("X-Agent-Key"), std::nullopt);
}

TEST_F(DraftRoute, TakesNoTokenThatIsBoundToAKey) {
  const std::string strict = testing::sign_token(testing::intent_claims(agent), authority);
  EXPECT_THAT(present("Bearer " + strict), RefusedWith(Code::k_profile_refused));
  EXPECT_THAT(present("DPoP " + strict), RefusedWith(Code::k_token_scheme_refused));
  EXPECT_THAT(present("DPoP " + issued(draft_claims())), RefusedWith(Code::k_token_scheme_refused));
  EXPECT_THAT(present("Bearer"), RefusedWith(Code::k_token_missing));
}

TEST_F(DraftRoute, JudgesClaimsAndRouteAsEver) {
  const auto changed = [&](auto change) {
    DraftToken token = draft_claims();
    change(token);
    return bearer(token);
  };
  EXPECT_THAT(changed([](auto& t) { t.iss = "https://other.example"; }),
              RefusedWith(Code::k_issuer_mismatch));
  EXPECT_THAT(changed([](auto& t) { t.aud = "https://other.example"; }),
              RefusedWith(Code::k_audience_mismatch));
  EXPECT_THAT(changed([](auto& t) { t.exp = kNow; }), RefusedWith(Code::k_token_expired));
  EXPECT_THAT(changed([](auto& t) { t.client_id = AppId::trusted("other"); }),
              RefusedWith(Code::k_application_refused));
  EXPECT_THAT(changed([](auto& t) { t.scope = {"manifest:writer"}; }),
              RefusedWith(Code::k_scope_insufficient));
  EXPECT_THAT(changed([](auto& t) { t.agent->step.reset(); }),
              RefusedWith(Code::k_workflow_refused));
  EXPECT_THAT(changed([](auto& t) { t.agent->step->workflow_id = WorkflowId::trusted("x"); }),
              RefusedWith(Code::k_workflow_refused));
  EXPECT_THAT(changed([](auto& t) { t.agent->step->workflow_step = StepId::trusted("x"); }),
              RefusedWith(Code::k_step_refused));
  EXPECT_THAT(changed([](auto& t) { t.agent.reset(); }), RefusedWith(Code::k_intent_missing))
      << "a client's own token is for the authority";
}

TEST(DraftChecks, EveryRowTakesTheRoutesTokenAndRefusesAStrangers) {
  const Route route = draft_route();
  const DraftToken good = draft_claims();
  DraftToken stranger = good;
  stranger.client_id = AppId::trusted("other");
  stranger.scope = {"other"};
  stranger.agent.reset();
  const std::map<std::string_view, Code> reasons{{"token_kind", Code::k_intent_missing},
                                                 {"application", Code::k_application_refused},
                                                 {"scope", Code::k_scope_insufficient},
                                                 {"workflow", Code::k_workflow_refused},
                                                 {"step", Code::k_step_refused}};
  ASSERT_EQ(draft_checks().size(), reasons.size());
  for (const DraftCheck& check : draft_checks()) {
    EXPECT_FALSE(check.spec.empty()) << check.name;
    EXPECT_THAT(check.rule({.token = good, .route = route}), IsOk()) << check.name;
    EXPECT_THAT(check.rule({.token = stranger, .route = route}),
                RefusedWith(reasons.at(check.name)));
  }
}

// On every other route the token is nothing, whatever scheme it comes in, and with whatever proof.
TEST_F(DraftRoute, ItsTokensAreRefusedWhereTheRouteDoesNotNameTheProfile) {
  route = testing::intent_route();
  EXPECT_THAT(present("Bearer " + issued(draft_claims())),
              RefusedWith(Code::k_token_scheme_refused));
  sealed(issued(draft_claims()));
  EXPECT_THAT(verify(), RefusedWith(Code::k_jws_type_refused));
  // Even one that the authority would have signed under the other type.
  json::Object payload = to_json(testing::intent_claims(agent));
  payload.set("profile", "draft-00");
  jose::SignJwsOptions options;
  options.typ = "at+jwt";
  options.kid = jose::thumbprint(authority.public_key());
  sealed(*jose::sign_jws(json::write(payload), authority, options));
  EXPECT_THAT(verify(), RefusedWith(Code::k_profile_refused));
}

TEST_F(DraftRoute, ATokenOfTheTypeWithoutTheProfileIsNone) {
  json::Object payload = to_json(draft_claims());
  payload.remove("profile");
  jose::SignJwsOptions options;
  options.typ = "JWT";
  options.kid = jose::thumbprint(authority.public_key());
  EXPECT_THAT(present("Bearer " + *jose::sign_jws(json::write(payload), authority, options)),
              RefusedWith(Code::k_profile_refused));
}

TEST_F(DraftRoute, IsChallengedForBearer) {
  const Route own = draft_route();
  const HttpResponse refused = challenge(refuse(Code::k_token_expired), &own, "nonce", "dec_1");
  EXPECT_THAT(std::string(*refused.headers.find("WWW-Authenticate")),
              ::testing::StartsWith("Bearer error=\"invalid_token\""));
}

TEST(DraftPolicy, ARouteNamesTheProfileAndNothingThatItsTokensLack) {
  const auto parse = [](std::string_view more) {
    return Policy::parse(
        *json::parse_object(R"({"route":[{"method":"GET","path":"/a","app":"x","scope":"s")" +
                            std::string(more) + "}]}"));
  };
  EXPECT_THAT(parse(R"(,"profile":"draft-00")"), IsOk());
  EXPECT_THAT(parse(R"(,"profile":"draft-00","workflow":"w","step":"s")"), IsOk());
  for (const char* wrong :
       {R"(,"profile":"draft-01")", R"(,"profile":"draft-00","workflow":"w")",
        R"(,"profile":"draft-00","step":"s")", R"(,"profile":"draft-00","tool":"t")",
        R"(,"profile":"draft-00","proof":"rfc9449")", R"(,"profile":"draft-00","token":"plain")",
        R"(,"profile":"")"}) {
    EXPECT_THAT(parse(wrong), RefusedWith(Code::k_configuration_refused)) << wrong;
  }
}

}  // namespace
}  // namespace ajwt::guard
