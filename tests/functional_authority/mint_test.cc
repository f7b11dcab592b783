// SPDX-License-Identifier: Apache-2.0
//
// The grant agent_checksum through both doors: what is granted, and every refusal of draft 4.5
// with its code and status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "authority/keys/key_ring.h"
#include "jose/base64url.h"
#include "json/parse.h"
#include "protocol/access_token.h"
#include "protocol/names.h"
#include "tests/support/authority_fixture.h"
#include "tests/support/mutations.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using testing::AuthorityFixture;
using testing::body_of;
using testing::MintDoor;
using testing::MintSpec;
using testing::ProofChanges;
using testing::text_of;

json::Object minted_claims(const HttpResponse& response) {
  const auto parts = testing::split_at_dots(text_of(response, "access_token"));
  if (parts.size() != 3) return {};
  const auto bytes = jose::decode_base64url(parts[1]);
  if (!bytes) return {};
  auto claims = json::parse_object(as_text(*bytes));
  return claims ? *std::move(claims) : json::Object();
}

class MintDoors : public ::testing::TestWithParam<MintDoor> {
 protected:
  AuthorityFixture fixture;

  HttpResponse mint(const MintSpec& spec) {
    return fixture.mint(spec, GetParam(), fixture.planner());
  }
  MintSpec granted() { return fixture.mint_spec(fixture.planner(), fixture.open_execution()); }

  static void expect_refused(const HttpResponse& response, int status, std::string_view error,
                             Code reason) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(text_of(response, "error"), error) << response.body;
    EXPECT_EQ(text_of(response, "reason"), reason_of(reason).name) << response.body;
    EXPECT_EQ(text_of(response, "error_uri"),
              std::string(testing::kTestIssuer) + "/e/" + std::string(reason_of(reason).name));
    EXPECT_FALSE(text_of(response, "decision_id").empty());
    EXPECT_FALSE(text_of(response, "error_description").empty());
    EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
    EXPECT_TRUE(response.headers.find("DPoP-Nonce").has_value());
  }
};

INSTANTIATE_TEST_SUITE_P(BothEncodings, MintDoors,
                         ::testing::Values(MintDoor::kJson, MintDoor::kForm), [](const auto& door) {
                           return door.param == MintDoor::kJson ? "Json" : "Form";
                         });

TEST_P(MintDoors, IssueATokenBoundToTheAgentsKey) {
  const auto response = mint(granted());
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(text_of(response, "token_type"), "DPoP");
  EXPECT_EQ(text_of(response, "scope"), "manifest:read");
  const json::Object claims = minted_claims(response);
  EXPECT_EQ(claims.find("sub")->as_string(), "agent:acme:planner");
  EXPECT_EQ(claims.find("client_id")->as_string(), "acme");
  EXPECT_EQ(claims.find("aud")->as_string(), testing::kTestApi);
  EXPECT_EQ(claims.find("cnf")->as_object().find("jkt")->as_string(),
            jose::thumbprint(fixture.planner().key.public_key()));
  EXPECT_EQ(fixture.decisions().last().operation, "mint");
  EXPECT_EQ(fixture.decisions().last().refused, std::nullopt);
}

TEST_P(MintDoors, TakeTheGrantTypesShortNameAndItsUrn) {
  MintSpec spec = granted();
  spec.grant_type = std::string(names::kAgentChecksumGrantUrn);
  EXPECT_EQ(mint(spec).status, 200);
}

TEST_P(MintDoors, RefuseAMissingGrantType) {
  MintSpec spec = granted();
  spec.grant_type.reset();
  expect_refused(mint(spec), 400, "invalid_request", Code::k_parameter_missing);
}

TEST_P(MintDoors, RefuseAnotherGrantType) {
  MintSpec spec = granted();
  spec.grant_type = "authorization_code";
  expect_refused(mint(spec), 400, "unsupported_grant_type", Code::k_grant_type_unsupported);
}

TEST_P(MintDoors, RefuseAMissingAgentId) {
  MintSpec spec = granted();
  spec.agent_id.reset();
  expect_refused(mint(spec), 400, "invalid_request", Code::k_parameter_missing);
}

TEST_P(MintDoors, RefuseAMissingChecksum) {
  MintSpec spec = granted();
  spec.computed_checksum.reset();
  expect_refused(mint(spec), 400, "invalid_request", Code::k_parameter_missing);
}

TEST_P(MintDoors, RefuseAMalformedChecksum) {
  MintSpec spec = granted();
  spec.computed_checksum = "sha256:xyz";
  expect_refused(mint(spec), 400, "invalid_request", Code::k_parameter_malformed);
}

TEST_P(MintDoors, RefuseAMissingScope) {
  MintSpec spec = granted();
  spec.scopes.reset();
  expect_refused(mint(spec), 400, "invalid_request", Code::k_parameter_missing);
}

TEST_P(MintDoors, RefuseAMissingAudience) {
  MintSpec spec = granted();
  spec.audiences.clear();
  expect_refused(mint(spec), 400, "invalid_request", Code::k_parameter_missing);
}

TEST_P(MintDoors, RefuseTwoAudiences) {
  MintSpec spec = granted();
  spec.audiences.emplace_back("https://other.example");
  expect_refused(mint(spec), 400, "invalid_target", Code::k_audience_not_single);
}

TEST_P(MintDoors, RefuseAnAudienceBeyondTheCeiling) {
  MintSpec spec = granted();
  spec.audiences = {"https://other.example"};
  expect_refused(mint(spec), 400, "invalid_target", Code::k_audience_exceeds_ceiling);
}

TEST_P(MintDoors, RefuseTheAuthorityItselfAsAudience) {
  MintSpec spec = granted();
  spec.audiences = {std::string(testing::kTestIssuer)};
  expect_refused(mint(spec), 400, "invalid_target", Code::k_audience_exceeds_ceiling);
}

TEST_P(MintDoors, RefuseAnExtraScope) {
  MintSpec spec = granted();
  spec.scopes = {"manifest:read", "manifest:write"};
  expect_refused(mint(spec), 400, "invalid_scope", Code::k_scope_exceeds_ceiling);
}

TEST_P(MintDoors, RefuseAnUnknownAgent) {
  MintSpec spec = granted();
  spec.agent_id = "nobody";
  expect_refused(mint(spec), 401, "unknown_agent", Code::k_agent_unknown);
}

TEST_P(MintDoors, RefuseARevokedAgent) {
  const MintSpec spec = granted();
  const auto administration = fixture.token(fixture.administrator(), "admin:agents");
  ASSERT_EQ(fixture.call(administration, "POST", "/admin/agents/acme/planner/revoke").status, 200);
  expect_refused(mint(spec), 401, "unknown_agent", Code::k_agent_revoked);
}

TEST_P(MintDoors, RefuseAWrongChecksum) {
  MintSpec spec = granted();
  spec.computed_checksum = fixture.patcher().checksum;
  expect_refused(mint(spec), 401, "agent_checksum_mismatch", Code::k_agent_checksum_mismatch);
}

TEST_P(MintDoors, RefuseAnotherAgentsKey) {
  const MintSpec spec = granted();
  expect_refused(
      fixture.mint(spec, GetParam(), fixture.patcher(), {.agent_checksum = spec.computed_checksum}),
      400, "invalid_dpop_proof", Code::k_agent_key_unknown);
}

TEST_P(MintDoors, RefuseAnUnknownExecution) {
  MintSpec spec = granted();
  spec.execution_id = "exec_none";
  expect_refused(mint(spec), 400, "invalid_grant", Code::k_execution_unknown);
}

TEST_P(MintDoors, RefuseAnotherAgentsStep) {
  MintSpec spec = granted();
  spec.workflow_step = "apply";
  expect_refused(mint(spec), 403, "workflow_step_unauthorized", Code::k_step_agent_differs);
}

TEST_P(MintDoors, RefuseAnUnknownStep) {
  MintSpec spec = granted();
  spec.workflow_step = "deploy";
  expect_refused(mint(spec), 403, "workflow_step_unauthorized", Code::k_step_unknown);
}

TEST_P(MintDoors, NameTheStepsThatAreMissing) {
  const MintSpec spec = fixture.mint_spec(fixture.patcher(), fixture.open_execution());
  const auto response = fixture.mint(spec, GetParam(), fixture.patcher());
  expect_refused(response, 403, "workflow_step_unauthorized", Code::k_step_predecessors_missing);
  const auto body = body_of(response);
  ASSERT_NE(body.find("missing_steps"), nullptr);
  EXPECT_EQ(*body.find("missing_steps"), json::Value(json::string_array({"plan"})));
}

TEST_P(MintDoors, BelieveNoClaimAboutCompletedSteps) {
  MintSpec spec = fixture.mint_spec(fixture.patcher(), fixture.open_execution());
  spec.delegation_context = json::Object{{"completed_steps", json::string_array({"plan"})}};
  expect_refused(fixture.mint(spec, GetParam(), fixture.patcher()), 403,
                 "workflow_step_unauthorized", Code::k_step_predecessors_missing);
}

TEST_P(MintDoors, GrantAStepOnceWhatItNeedsIsDone) {
  const std::string execution = fixture.open_execution();
  ASSERT_EQ(mint(fixture.mint_spec(fixture.planner(), execution)).status, 200);
  ASSERT_EQ(fixture.complete(execution, "plan", fixture.planner()).status, 200);
  const auto response =
      fixture.mint(fixture.mint_spec(fixture.patcher(), execution), GetParam(), fixture.patcher());
  EXPECT_EQ(response.status, 200) << response.body;
}

TEST_P(MintDoors, RefuseToSkipTheWorkflow) {
  MintSpec spec = granted();
  spec.workflow_id.reset();
  spec.workflow_step.reset();
  spec.execution_id.reset();
  spec.workflow_enabled = false;
  expect_refused(mint(spec), 403, "workflow_step_unauthorized", Code::k_workflow_required);
}

TEST_P(MintDoors, RefuseADelegationChainThatDidNotHappen) {
  MintSpec spec = granted();
  spec.delegation_context = json::Object{{"chain", json::string_array({"ceo", "planner"})}};
  expect_refused(mint(spec), 403, "invalid_delegation", Code::k_delegation_chain_differs);
}

TEST_P(MintDoors, RefuseAProofWithoutTheAgentsChecksum) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  fixture.authenticate(request, fixture.fleet());
  fixture.prove(request, fixture.planner().key);
  expect_refused(fixture.handle(request), 400, "invalid_dpop_proof", Code::k_proof_claim_missing);
}

TEST_P(MintDoors, RefuseAProofThatNamesAnotherChecksum) {
  expect_refused(fixture.mint(granted(), GetParam(), fixture.planner(),
                              {.agent_checksum = fixture.patcher().checksum}),
                 400, "invalid_dpop_proof", Code::k_proof_claims_differ);
}

TEST_P(MintDoors, RefuseAProofThatNamesAnotherAgent) {
  expect_refused(fixture.mint(granted(), GetParam(), fixture.planner(), {.agent_id = "patcher"}),
                 400, "invalid_dpop_proof", Code::k_proof_claims_differ);
}

TEST_P(MintDoors, RefuseAProofThatDoesNotBindTheBody) {
  expect_refused(fixture.mint(granted(), GetParam(), fixture.planner(),
                              {.binding = ProofChanges::Binding::kNone}),
                 400, "invalid_dpop_proof", Code::k_proof_body_mismatch);
}

TEST_P(MintDoors, RefuseAProofForAnotherBody) {
  expect_refused(fixture.mint(granted(), GetParam(), fixture.planner(), {.body = "{}"}), 400,
                 "invalid_dpop_proof", Code::k_proof_body_mismatch);
}

TEST_P(MintDoors, AskForANonceAndTakeTheOneTheyGave) {
  const MintSpec spec = granted();
  const auto first = fixture.mint(spec, GetParam(), fixture.planner(), {.nonce = ""});
  expect_refused(first, 400, "use_dpop_nonce", Code::k_proof_nonce_missing);
  const std::string nonce(*first.headers.find("DPoP-Nonce"));
  EXPECT_EQ(fixture.mint(spec, GetParam(), fixture.planner(), {.nonce = nonce}).status, 200);
}

TEST_P(MintDoors, RefuseAnOldNonce) {
  const std::string nonce = fixture.nonce();
  fixture.clock().advance(Seconds(301));
  expect_refused(fixture.mint(granted(), GetParam(), fixture.planner(), {.nonce = nonce}), 400,
                 "use_dpop_nonce", Code::k_proof_nonce_refused);
}

TEST_P(MintDoors, RefuseANonceFromBeforeARestart) {
  const MintSpec spec = granted();
  const std::string nonce = fixture.nonce();
  fixture.restart();
  expect_refused(fixture.mint(spec, GetParam(), fixture.planner(), {.nonce = nonce}), 400,
                 "use_dpop_nonce", Code::k_proof_nonce_refused);
}

TEST_P(MintDoors, RefuseTheSameRequestASecondTime) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  fixture.authenticate(request, fixture.fleet());
  fixture.prove(request, fixture.planner().key, {.agent_checksum = fixture.planner().checksum});
  ASSERT_EQ(fixture.handle(request).status, 200);
  expect_refused(fixture.handle(request), 400, "invalid_dpop_proof", Code::k_proof_replayed);
}

TEST_P(MintDoors, RefuseAMissingProof) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  fixture.authenticate(request, fixture.fleet());
  expect_refused(fixture.handle(request), 400, "invalid_dpop_proof", Code::k_proof_missing);
}

TEST_P(MintDoors, RefuseTwoProofs) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  fixture.authenticate(request, fixture.fleet());
  fixture.prove(request, fixture.planner().key);
  request.headers.add("DPoP", std::string(*request.headers.find("DPoP")));
  expect_refused(fixture.handle(request), 400, "invalid_dpop_proof", Code::k_proof_duplicated);
}

TEST_P(MintDoors, RefuseAProofForTheOtherDoor) {
  const std::string other = GetParam() == MintDoor::kJson ? "/oauth/token" : "/intent/token";
  expect_refused(fixture.mint(granted(), GetParam(), fixture.planner(),
                              {.uri = std::string(testing::kTestIssuer) + other}),
                 400, "invalid_dpop_proof", Code::k_proof_uri_mismatch);
}

TEST_P(MintDoors, RefuseAnUnauthenticatedCaller) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  fixture.prove(request, fixture.planner().key, {.agent_checksum = fixture.planner().checksum});
  expect_refused(fixture.handle(request), 401, "invalid_client", Code::k_client_unauthenticated);
}

TEST_P(MintDoors, RefuseAClientThatMayNotMint) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  fixture.authenticate(request, fixture.registrar());
  fixture.prove(request, fixture.planner().key, {.agent_checksum = fixture.planner().checksum});
  expect_refused(fixture.handle(request), 403, "unauthorized_client", Code::k_client_unauthorized);
}

TEST_P(MintDoors, RefuseAnotherApplicationsAgent) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  fixture.authenticate(request, fixture.foreign_fleet());
  fixture.prove(request, fixture.planner().key, {.agent_checksum = fixture.planner().checksum});
  expect_refused(fixture.handle(request), 401, "unknown_agent", Code::k_agent_unknown);
}

TEST_P(MintDoors, RefuseAnotherContentType) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  request.headers.set("Content-Type", "text/plain");
  expect_refused(fixture.handle(request), 415, "invalid_request", Code::k_content_type_refused);
}

TEST_P(MintDoors, RefuseABodyThatIsTooLarge) {
  HttpRequest request = AuthorityFixture::mint_request(granted(), GetParam());
  request.body.append(65 * 1024, ' ');
  expect_refused(fixture.handle(request), 413, "invalid_request", Code::k_body_too_large);
}

TEST_P(MintDoors, WriteDownARefusalOfAnAuthenticatedClient) {
  MintSpec spec = granted();
  spec.computed_checksum = fixture.patcher().checksum;
  const auto response = mint(spec);
  const auto leaves = fixture.store().list_audit(0, 1000, AppId::trusted("acme"));
  ASSERT_TRUE(leaves.has_value());
  ASSERT_FALSE(leaves->empty());
  const auto entry = json::parse_object(leaves->back().bytes);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->find("outcome")->as_string(), "agent_checksum_mismatch");
  EXPECT_EQ(entry->find("decision_id")->as_string(), text_of(response, "decision_id"));
  EXPECT_EQ(entry->find("sub")->as_string(), "agent:acme:planner");
}

TEST_P(MintDoors, CountButDoNotWriteDownWhatIsNotAuthenticated) {
  MintSpec spec = granted();
  const auto before = fixture.store().list_audit(0, 1000, std::nullopt)->size();
  HttpRequest request = AuthorityFixture::mint_request(spec, GetParam());
  AuthorityFixture::authenticate_basic(request, "acme-fleet", "wrong");
  fixture.prove(request, fixture.planner().key);
  ASSERT_EQ(fixture.handle(request).status, 401);
  EXPECT_EQ(fixture.store().list_audit(0, 1000, std::nullopt)->size(), before);
  EXPECT_EQ(fixture.decisions().last().refused, Code::k_client_unauthenticated);
}

TEST_P(MintDoors, LimitWrongChecksumsOfOneKeyAndOfNoOther) {
  MintSpec spec = granted();
  const std::string right = *spec.computed_checksum;
  spec.computed_checksum = fixture.patcher().checksum;
  for (int i = 0; i < 60; ++i) ASSERT_EQ(mint(spec).status, 401);
  const auto limited = mint(spec);
  expect_refused(limited, 429, "slow_down", Code::k_rate_limited);
  EXPECT_TRUE(limited.headers.find("Retry-After").has_value());
  // Right guesses are refused too, or the limit would not limit guessing.
  spec.computed_checksum = right;
  expect_refused(mint(spec), 429, "slow_down", Code::k_rate_limited);
  EXPECT_EQ(fixture.complete(*spec.execution_id, "plan", fixture.patcher()).status, 403);
  fixture.clock().advance(Seconds(10));
  EXPECT_EQ(mint(spec).status, 200);
}

TEST(FormDoor, IgnoresWhatItDoesNotKnowAndRefusesWhatIsRepeated) {
  AuthorityFixture fixture;
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  const auto send = [&](std::string_view extra) {
    HttpRequest request = AuthorityFixture::mint_request(spec, MintDoor::kForm);
    request.body += extra;
    fixture.authenticate(request, fixture.fleet());
    fixture.prove(request, fixture.planner().key, {.agent_checksum = fixture.planner().checksum});
    return fixture.handle(request);
  };
  EXPECT_EQ(send("&unheard_of=1").status, 200);
  EXPECT_EQ(text_of(send("&unheard_of=1&unheard_of=2"), "reason"), "parameter_duplicated");
  EXPECT_EQ(text_of(send("&agent_id=patcher"), "reason"), "parameter_duplicated");
  EXPECT_EQ(text_of(send("&resource=https%3A%2F%2Fapi.example"), "reason"), "audience_not_single");
}

TEST(JsonDoor, RefusesWhatItDoesNotKnow) {
  AuthorityFixture fixture;
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  HttpRequest request = AuthorityFixture::mint_request(spec, MintDoor::kJson);
  request.body.insert(1, R"("unheard_of":1,)");
  fixture.authenticate(request, fixture.fleet());
  fixture.prove(request, fixture.planner().key, {.agent_checksum = fixture.planner().checksum});
  EXPECT_EQ(text_of(fixture.handle(request), "reason"), "json_unknown_member");
}

}  // namespace
}  // namespace ajwt
