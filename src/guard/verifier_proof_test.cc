// SPDX-License-Identifier: Apache-2.0
//
// What the verifier says of proofs, of what they bind, and of what must be read for them.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/verifier_fixture.h"

namespace ajwt::guard {
namespace {

using testing::digest_of;
using testing::GuardedRequest;
using testing::intent_claims;
using testing::intent_route;
using testing::kNow;
using testing::plain_claims;
using testing::sign_token;

// --- The proof.

TEST_F(VerifierTest, RefusesARequestWithoutProofOrWithTwo) {
  sealed();
  RequestFacts facts = request.facts();
  facts.dpop.clear();
  EXPECT_THAT(verify(facts), RefusedWith(Code::k_proof_missing));

  facts = request.facts();
  facts.dpop.push_back(facts.dpop.front());
  EXPECT_THAT(verify(facts), RefusedWith(Code::k_proof_duplicated));
}

TEST_F(VerifierTest, RefusesAProofOfAnotherKey) {
  request.agent = stranger;
  sealed();

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_key_mismatch));
}

TEST_F(VerifierTest, RefusesAProofSplicedOntoAnotherTokenOfTheSameAgent) {
  sealed();
  AccessToken claims = intent_claims(agent);
  claims.jti = "another";
  request.token = sign_token(claims, authority);
  request.authorization = "DPoP " + request.token;

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_token_mismatch));
}

TEST_F(VerifierTest, RefusesAProofWithoutTokenHash) {
  request.token = sign_token(intent_claims(agent), authority);
  ProofClaims claims = request.proof_claims();
  claims.access_token.reset();
  request.seal_with(claims);

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_claim_missing));
}

TEST_F(VerifierTest, RefusesAProofForAnotherMethod) {
  sealed();
  request.method = "PUT";

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_method_mismatch));
}

TEST_F(VerifierTest, RefusesAProofForAnotherUri) {
  sealed();
  for (const std::string_view uri :
       {"https://api.example/manifests/db", "https://api.example/manifests/web/",
        "https://api.example/Manifests/web", "https://evil.example/manifests/web",
        "https://api.example:8443/manifests/web", "http://api.example/manifests/web",
        "https://api.example.evil/manifests/web", "https://api.example/manifests/%77eb/x"}) {
    request.uri = uri;
    EXPECT_THAT(verify(), RefusedWith(Code::k_proof_uri_mismatch)) << uri;
  }
}

TEST_F(VerifierTest, RefusesAProofThatIsTooOldOrFromTheFuture) {
  request.nonce = nonces.issue(kNow - Seconds(60));
  request.made_at = kNow - Seconds(61);
  sealed();
  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_time_refused));

  request.made_at = kNow + Seconds(31);
  request.seal();
  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_time_refused));

  request.made_at = kNow - Seconds(60);
  request.seal();
  EXPECT_THAT(verify(), IsOk());
}

TEST_F(VerifierTest, RefusesAProofWithoutNonce) {
  request.nonce.reset();
  sealed();

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_nonce_missing));
}

TEST_F(VerifierTest, RefusesAStaleOrForeignNonce) {
  request.nonce = nonces.issue(kNow - Seconds(400));
  sealed();
  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_nonce_refused));

  request.nonce = "made-up";
  request.seal();
  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_nonce_refused));
}

TEST_F(VerifierTest, RefusesAReplay) {
  sealed();
  ASSERT_THAT(verify(), IsOk());

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_replayed));
  EXPECT_THAT(verify(kNow + Seconds(59)), RefusedWith(Code::k_proof_replayed));
}

TEST_F(VerifierTest, RefusesAReplayAfterARestartByItsNonce) {
  sealed();
  ASSERT_THAT(verify(), IsOk());

  // A new process has an empty memory, and with it a new key for nonces.
  MemoryReplayCache empty(digest_of(17));
  const Verifier restarted(verifier_options(), NonceIssuer(digest_of(18), Seconds(300)), empty);

  EXPECT_THAT(restarted.verify(request.facts(), route, keys, kNow),
              RefusedWith(Code::k_proof_nonce_refused));
}

TEST_F(VerifierTest, RefusesRequestsWhileTheReplayMemoryIsFull) {
  MemoryReplayCache tiny(digest_of(7), {.capacity = 1, .capacity_per_key = 1});
  const Verifier guard(verifier_options(), nonces, tiny);
  sealed();
  ASSERT_THAT(guard.verify(request.facts(), route, keys, kNow), IsOk());

  request.jti = "next";
  request.seal();
  EXPECT_THAT(guard.verify(request.facts(), route, keys, kNow),
              RefusedWith(Code::k_replay_memory_full));
}

TEST_F(VerifierTest, BurnsNoProofWithARefusal) {
  sealed();
  route.tool = "other";
  ASSERT_THAT(verify(), RefusedWith(Code::k_tool_refused));

  route = intent_route();
  EXPECT_THAT(verify(), IsOk());
}

// --- Body and query (protocol 6.2).

TEST_F(VerifierTest, RefusesABodySwappedUnderItsProof) {
  sealed();
  for (const std::string_view body : {R"({"package":"evil"})", "", R"({"package":"left-pad"} )"}) {
    request.body = body;
    EXPECT_THAT(verify(), RefusedWith(Code::k_proof_body_mismatch)) << body;
  }
}

TEST_F(VerifierTest, RefusesABodyThatTheProofDoesNotBind) {
  request.token = sign_token(intent_claims(agent), authority);
  ProofClaims claims = request.proof_claims();
  claims.body.reset();
  request.seal_with(claims);

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_body_mismatch));
}

TEST_F(VerifierTest, RefusesABoundBodyThatWasNotRead) {
  sealed();
  RequestFacts facts = request.facts();
  facts.body.reset();

  EXPECT_THAT(verify(facts), RefusedWith(Code::k_proof_body_mismatch));
}

TEST_F(VerifierTest, RefusesAQueryChangedUnderItsProof) {
  sealed();
  for (const std::string_view query : {"dry=0", "", "dry=1&force=1", "dry=%31"}) {
    request.query = query;
    EXPECT_THAT(verify(), RefusedWith(Code::k_proof_query_mismatch)) << query;
  }
}

TEST_F(VerifierTest, RefusesAQueryThatTheProofDoesNotBind) {
  request.token = sign_token(intent_claims(agent), authority);
  ProofClaims claims = request.proof_claims();
  claims.query.reset();
  request.seal_with(claims);

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_query_mismatch));
}

TEST_F(VerifierTest, TakesPlainRfc9449ProofsOnlyWhereTheRouteNamesThem) {
  request.token = sign_token(intent_claims(agent), authority);
  ProofClaims claims = request.proof_claims();
  claims.body.reset();
  claims.query.reset();
  request.seal_with(claims);
  ASSERT_THAT(verify(), RefusedWith(Code::k_proof_query_mismatch));

  route.proof = ProofBinding::kRfc9449;
  EXPECT_THAT(verify(), IsOk());
}

TEST_F(VerifierTest, JudgesABindingThatIsThereOnTheWeakerRouteToo) {
  route.proof = ProofBinding::kRfc9449;
  sealed();
  request.body = "swapped";

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_body_mismatch));
}

// --- Forms of the guard that never see a body.

HttpRequest head(std::string_view field, std::string_view value) {
  HttpRequest request{
      .method = "POST", .path = "/", .query = {}, .headers = {}, .body = {}, .peer = {}};
  if (!field.empty()) request.headers.add(field, std::string(value));
  return request;
}

TEST_F(VerifierTest, PassesABodyOutOfSightOnlyWhereTheRouteNamesALevelWithoutIt) {
  sealed();
  RequestFacts facts = request.facts();
  facts.body.reset();
  facts.sight = BodySight::kUnseen;
  const auto judge = [&] { return verifier.verify(facts, route, keys, kNow); };

  EXPECT_THAT(judge(), RefusedWith(Code::k_proof_body_mismatch));
  route.proof = ProofBinding::kHead;
  const auto verified = judge();
  ASSERT_THAT(verified, IsOk());
  EXPECT_EQ(verified->body(), BodyBinding::kUnbound);
  EXPECT_EQ(identity_headers(*verified).find("X-Agent-Body"), "unbound");
}

TEST_F(VerifierTest, RefusesABoundRouteWithoutABdWhereTheBodyIsOutOfSight) {
  request.token = sign_token(intent_claims(agent), authority);
  ProofClaims claims = request.proof_claims();
  claims.body.reset();
  request.seal_with(claims);
  RequestFacts facts = request.facts();
  facts.body.reset();
  facts.sight = BodySight::kUnseen;

  EXPECT_THAT(verifier.verify(facts, route, keys, kNow), RefusedWith(Code::k_proof_body_mismatch));
  route.proof = ProofBinding::kRfc9449;
  EXPECT_THAT(verifier.verify(facts, route, keys, kNow), IsOk());
}

TEST_F(VerifierTest, JudgesTheQueryWhereTheBodyIsOutOfSight) {
  for (const ProofBinding proof : {ProofBinding::kHead, ProofBinding::kRfc9449}) {
    route.proof = proof;
    sealed();
    RequestFacts facts = request.facts();
    facts.body.reset();
    facts.sight = BodySight::kUnseen;
    facts.query = "swapped=1";
    EXPECT_THAT(verifier.verify(facts, route, keys, kNow),
                RefusedWith(Code::k_proof_query_mismatch));
  }
}

// "head" says what a form cannot see. One that sees the body judges it.
TEST_F(VerifierTest, JudgesTheBodyOfAHeadRouteWhereItIsSeen) {
  route.proof = ProofBinding::kHead;
  EXPECT_TRUE(Verifier::needs_body(route, head("Content-Length", "3")));
  sealed();
  EXPECT_THAT(verify(), IsOk());
  sealed();
  request.body = "swapped";
  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_body_mismatch));
}

TEST_F(VerifierTest, SaysThatAPlainProofDoesNotBindTheBody) {
  route.proof = ProofBinding::kRfc9449;
  request.token = sign_token(intent_claims(agent), authority);
  ProofClaims claims = request.proof_claims();
  claims.body.reset();
  request.seal_with(claims);
  const auto unbound = verify();
  ASSERT_THAT(unbound, IsOk());
  EXPECT_EQ(unbound->body(), BodyBinding::kUnbound);

  request.jti += "-2";
  sealed();
  const auto bound = verify();
  ASSERT_THAT(bound, IsOk());
  EXPECT_EQ(bound->body(), BodyBinding::kBound);
  EXPECT_EQ(identity_headers(*bound).find("X-Agent-Body"), "bound");
}

// --- What must be read first.

TEST_F(VerifierTest, NeedsTheBodyOfABoundRouteAlone) {
  EXPECT_TRUE(Verifier::needs_body(route, head("Content-Length", "3")));
  EXPECT_TRUE(Verifier::needs_body(route, head("Transfer-Encoding", "chunked")));
  EXPECT_FALSE(Verifier::needs_body(route, head("Content-Length", "0")));
  EXPECT_FALSE(Verifier::needs_body(route, head("", "")));

  route.proof = ProofBinding::kRfc9449;
  EXPECT_FALSE(Verifier::needs_body(route, head("Content-Length", "3")));
}

TEST_F(VerifierTest, NeedsTheBodyOfAWeakerRouteIfTheProofBindsIt) {
  route.proof = ProofBinding::kRfc9449;
  sealed();
  HttpRequest with_proof = head("Content-Length", "3");
  with_proof.headers.add("DPoP", request.dpop);
  EXPECT_TRUE(Verifier::needs_body(route, with_proof));

  for (const std::string_view proof : {"", ".", "..", "a.b.c", "a.!.c", "a.e30.c"}) {
    HttpRequest malformed = head("Content-Length", "3");
    malformed.headers.add("DPoP", std::string(proof));
    EXPECT_FALSE(Verifier::needs_body(route, malformed)) << proof;
  }
}

TEST_F(VerifierTest, JudgesAHeadByAllButTheBodyAndRemembersNothing) {
  sealed();
  RequestFacts head = request.facts();
  head.body.reset();
  Trace trace;

  EXPECT_THAT(verifier.verify_head(head, route, keys, kNow, &trace), IsOk());
  EXPECT_THAT(verifier.verify_head(head, route, keys, kNow), IsOk());

  ASSERT_NE(trace.token, nullptr);
  EXPECT_EQ(trace.token->sub, "agent:patchet:patcher");
  EXPECT_THAT(verify(), IsOk());
  EXPECT_THAT(verify(head), RefusedWith(Code::k_proof_body_mismatch));
}

TEST_F(VerifierTest, RefusesAHeadForWhateverTheBodyCannotMend) {
  struct Unmendable {
    Code code;
    std::function<void()> change;
  };
  const std::vector<Unmendable> cases = {
      {Code::k_token_missing, [&] { request.authorization = "DPoP "; }},
      {Code::k_jws_signature_invalid,
       [&] {
         auto forged = sign_token(intent_claims(agent), stranger);
         request.authorization = "DPoP " + request.token.substr(0, request.token.rfind('.')) +
                                 forged.substr(forged.rfind('.'));
       }},
      {Code::k_intent_missing, [&] { sealed(sign_token(plain_claims(agent), authority)); }},
      {Code::k_proof_malformed, [&] { request.dpop = "a.b.c"; }},
      {Code::k_proof_signature_invalid,
       [&] {
         GuardedRequest other = request;
         other.jti = "another";
         other.seal();
         request.dpop = request.dpop.substr(0, request.dpop.rfind('.')) +
                        other.dpop.substr(other.dpop.rfind('.'));
       }},
      {Code::k_proof_key_mismatch,
       [&] {
         request.agent = stranger;
         request.seal();
       }},
      {Code::k_proof_nonce_missing,
       [&] {
         request.nonce.reset();
         request.seal();
       }},
      {Code::k_proof_time_refused,
       [&] {
         request.made_at = kNow - Seconds(61);
         request.seal();
       }},
      {Code::k_proof_uri_mismatch, [&] { request.uri += "2"; }},
      {Code::k_proof_query_mismatch, [&] { request.query = "dry=0"; }},
      {Code::k_proof_query_mismatch,
       [&] {
         ProofClaims claims = request.proof_claims();
         claims.query.reset();
         request.seal_with(claims);
       }},
      {Code::k_scope_insufficient, [&] { route.scopes = {"manifest:delete"}; }},
  };
  const GuardedRequest honest = sealed();
  const Route honest_route = route;
  for (const Unmendable& c : cases) {
    request = honest;
    route = honest_route;
    c.change();
    RequestFacts head = request.facts();
    head.body.reset();
    EXPECT_THAT(verifier.verify_head(head, route, keys, kNow), RefusedWith(c.code));
  }
}

TEST_F(VerifierTest, TracesNoTokenThatIsNotVerified) {
  sealed(sign_token(intent_claims(agent), stranger));
  Trace trace;

  EXPECT_THAT(verifier.verify(request.facts(), route, keys, kNow, &trace),
              RefusedWith(Code::k_key_unknown));
  EXPECT_EQ(trace.token, nullptr);
}

TEST(PeekProofClaim, ReadsAStringClaimOrNothing) {
  GuardedRequest request;
  request.nonce = "n-1";
  request.token = "t";
  request.seal();

  EXPECT_EQ(peek_proof_claim(request.dpop, "nonce"), "n-1");
  EXPECT_EQ(peek_proof_claim(request.dpop, "iat"), "");
  EXPECT_EQ(peek_proof_claim(request.dpop, "absent"), "");
  EXPECT_EQ(peek_proof_claim(std::string(kMaxProofBytes + 1, '.'), "nonce"), "");
}

}  // namespace
}  // namespace ajwt::guard
