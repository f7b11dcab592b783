// SPDX-License-Identifier: Apache-2.0
#include "protocol/access_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/digest.h"
#include "tests/support/matchers.h"
#include "tests/support/mutations.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using testing::ed25519_key;

constexpr Instant kNow = from_unix(1'800'000'000);
constexpr Seconds kSkew{60};
constexpr std::string_view kIssuer = "https://authority.example";
constexpr std::string_view kAudience = "https://api.example";

std::string kid() { return jose::thumbprint(ed25519_key(1).public_key()); }

jose::KeySet keys() {
  return jose::KeySet({jose::Jwk{ed25519_key(1).public_key(), kid(), jose::Algorithm::kEdDSA}});
}

AccessToken plain_token() {
  return {.iss = std::string(kIssuer),
          .aud = std::string(kAudience),
          .sub = "shop",
          .client_id = AppId::trusted("shop"),
          .iat = kNow,
          .nbf = kNow,
          .exp = kNow + Seconds(300),
          .jti = "token-1",
          .scope = {"read", "write"},
          .cnf_jkt = jose::thumbprint(ed25519_key(2).public_key())};
}

IntentClaims intent() {
  return {.step = IntentClaims::Step{WorkflowId::trusted("patching"), 3, StepId::trusted("apply"),
                                     ExecutionId::trusted("exec_1")},
          .executed_by = "agent:shop:patcher",
          .initiated_by = "app:shop",
          .delegators = {"agent:shop:planner", "agent:shop:supervisor"},
          .delegation_chain = draft_sequence_hash({"patcher"}),
          .step_sequence_hash = draft_sequence_hash({"plan"}),
          .delegation_digest = sequence_digest("delegation", {"patcher"}),
          .step_sequence_digest = sequence_digest("steps", {"plan"})};
}

AccessToken intent_token() {
  AccessToken token = plain_token();
  token.sub = "agent:shop:patcher";
  token.sub_profile = "agent";
  token.intent = intent();
  token.agent_proof =
      AgentProofClaims{RegistrationId::trusted("reg_1"), "sha256:" + std::string(64, 'a')};
  token.tool = "apply_patch";
  return token;
}

TokenRules rules() {
  return {.issuer = kIssuer,
          .audience = kAudience,
          .algorithms = jose::AlgorithmSet::all(),
          .skew = kSkew};
}

Result<AccessToken> verify_at(const AccessToken& token, Instant now) {
  AJWT_ASSIGN(const std::string text, issue_access_token(token, ed25519_key(1), kid()));
  return verify_access_token(text, rules(), keys(), now);
}

Result<AccessToken> verify_text(std::string_view text) {
  return verify_access_token(text, rules(), keys(), kNow);
}

std::string sign(const jose::SignJwsOptions& options) {
  return *jose::sign_jws(json::write(to_json(intent_token())), ed25519_key(1), options);
}

TEST(AccessToken, IssuedIsVerifiedAndReadBackAsItWas) {
  for (const AccessToken& token : {plain_token(), intent_token()}) {
    const auto read = verify_at(token, kNow);
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(to_json(*read), to_json(token));
    EXPECT_EQ(read->intent, token.intent);
    EXPECT_EQ(read->agent_proof, token.agent_proof);
    EXPECT_EQ(read->is_intent_token(), token.is_intent_token());
  }
}

TEST(AccessToken, IsIssuedWithEveryKindOfKey) {
  for (const auto kind :
       {crypto::KeyKind::kEd25519, crypto::KeyKind::kP256, crypto::KeyKind::kRsa}) {
    const auto key = crypto::PrivateKey::generate(kind);
    ASSERT_THAT(key, IsOk());
    const auto text = issue_access_token(intent_token(), *key, "k");
    ASSERT_THAT(text, IsOk());
    const jose::KeySet set({jose::Jwk{key->public_key(), "k", std::nullopt}});
    EXPECT_THAT(verify_access_token(*text, rules(), set, kNow), IsOk());
  }
}

TEST(AccessToken, ChangedAnywhereIsRefused) {
  const auto text = issue_access_token(intent_token(), ed25519_key(1), kid());
  ASSERT_THAT(text, IsOk());
  const jose::KeySet set = keys();
  int count = 0;
  testing::for_each_mutation(*text, [&](std::string_view changed, auto what) {
    const auto verified = verify_access_token(changed, rules(), set, kNow);
    ASSERT_FALSE(verified.has_value()) << what;
    EXPECT_EQ(verified.error().reason().oauth_error, "invalid_token") << what;
    ++count;
  });
  EXPECT_GT(count, 10'000);
}

TEST(AccessToken, WithoutScopeIsNotIssued) {
  AccessToken token = plain_token();
  token.scope.clear();
  EXPECT_THAT(issue_access_token(token, ed25519_key(1), kid()),
              RefusedWith(Code::k_scope_malformed));
  token.scope = {"a b"};
  EXPECT_THAT(issue_access_token(token, ed25519_key(1), kid()),
              RefusedWith(Code::k_scope_malformed));
}

TEST(AccessToken, IsNotIssuedAboveTheSizeThatIsRead) {
  AccessToken token = intent_token();
  token.intent->delegators.assign(8, std::string(1000, 'd'));
  EXPECT_THAT(issue_access_token(token, ed25519_key(1), kid()),
              RefusedWith(Code::k_limit_exceeded));
}

TEST(AccessToken, AboveTheSizeThatIsReadIsRefused) {
  EXPECT_THAT(verify_text(std::string(kMaxTokenBytes + 1, 'a')),
              RefusedWith(Code::k_jws_too_large));
}

TEST(AccessToken, OfAnotherTypeIsRefused) {
  for (const char* typ : {"", "jwt", "dpop+jwt", "delegation+jwt"}) {
    EXPECT_THAT(verify_text(sign({.typ = typ, .kid = kid()})),
                RefusedWith(Code::k_jws_type_refused))
        << typ;
  }
  EXPECT_THAT(verify_text(sign({.typ = "application/at+jwt", .kid = kid()})), IsOk());
}

TEST(AccessToken, OfAnUnknownKeyIsRefused) {
  EXPECT_THAT(verify_text(sign({.typ = "at+jwt"})), RefusedWith(Code::k_key_unknown));
  EXPECT_THAT(verify_text(sign({.typ = "at+jwt", .kid = "another"})),
              RefusedWith(Code::k_key_unknown));
}

TEST(AccessToken, SignedByAnotherKeyUnderAKnownKidIsRefused) {
  const auto text = issue_access_token(intent_token(), ed25519_key(9), kid());
  EXPECT_THAT(verify_text(*text), RefusedWith(Code::k_jws_signature_invalid));
}

TEST(AccessToken, ThatBringsItsOwnKeyIsRefused) {
  EXPECT_THAT(
      verify_text(sign({.typ = "at+jwt", .kid = kid(), .embedded = jose::EmbeddedKey::kRequired})),
      RefusedWith(Code::k_jws_header_refused));
}

TEST(AccessToken, OfAnAlgorithmThatIsNotAcceptedIsRefused) {
  const auto text = issue_access_token(intent_token(), ed25519_key(1), kid());
  TokenRules others = rules();
  others.algorithms = {jose::Algorithm::kES256, jose::Algorithm::kPS256};
  EXPECT_THAT(verify_access_token(*text, others, keys(), kNow),
              RefusedWith(Code::k_jws_algorithm_refused));
}

TEST(AccessToken, OfAnotherIssuerOrAudienceIsRefused) {
  AccessToken token = intent_token();
  token.iss = "https://authority.example/";
  EXPECT_THAT(verify_at(token, kNow), RefusedWith(Code::k_issuer_mismatch));
  token = intent_token();
  token.aud = "https://api.example/";
  EXPECT_THAT(verify_at(token, kNow), RefusedWith(Code::k_audience_mismatch));
}

TEST(AccessToken, ExpiresWithoutSkew) {
  EXPECT_THAT(verify_at(intent_token(), kNow + Seconds(299)), IsOk());
  EXPECT_THAT(verify_at(intent_token(), kNow + Seconds(300)), RefusedWith(Code::k_token_expired));
  EXPECT_THAT(verify_at(intent_token(), kNow + Seconds(301)), RefusedWith(Code::k_token_expired));
}

TEST(AccessToken, OfTheNearFutureIsAcceptedWithinTheSkew) {
  EXPECT_THAT(verify_at(intent_token(), kNow - kSkew), IsOk());
  EXPECT_THAT(verify_at(intent_token(), kNow - kSkew - Seconds(1)),
              RefusedWith(Code::k_token_not_yet_valid));
  AccessToken token = intent_token();
  token.nbf = kNow - Seconds(1000);
  EXPECT_THAT(verify_at(token, kNow - kSkew), IsOk());
  EXPECT_THAT(verify_at(token, kNow - kSkew - Seconds(1)), RefusedWith(Code::k_token_from_future));
}

TEST(AccessTokenTime, IsJudgedAloneForATokenFromACache) {
  EXPECT_THAT(check_token_time(intent_token(), kSkew, kNow), IsOk());
  EXPECT_THAT(check_token_time(intent_token(), kSkew, kNow + Seconds(300)),
              RefusedWith(Code::k_token_expired));
  EXPECT_THAT(check_token_time(intent_token(), Seconds(0), kNow - Seconds(1)),
              RefusedWith(Code::k_token_not_yet_valid));
}

// --- claims

Result<AccessToken> parse(const json::Object& payload) {
  const std::string text = json::write(payload);
  return parse_access_token(as_bytes(text));
}

json::Object payload() { return to_json(intent_token()); }

// with sets a member, or one of an inner object as "outer.inner".
json::Object with(std::string_view path, json::Value value) {
  json::Object object = payload();
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    object.set(path, std::move(value));
  } else {
    json::Object inner = object.find(path.substr(0, dot))->as_object();
    inner.set(path.substr(dot + 1), std::move(value));
    object.set(path.substr(0, dot), std::move(inner));
  }
  return object;
}

json::Object without(std::string_view path) {
  json::Object object = payload();
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    object.remove(path);
  } else {
    json::Object inner = object.find(path.substr(0, dot))->as_object();
    inner.remove(path.substr(dot + 1));
    object.set(path.substr(0, dot), std::move(inner));
  }
  return object;
}

TEST(AccessTokenClaims, ThatAreRequiredAreMissed) {
  for (const char* name : {"iss",
                           "aud",
                           "sub",
                           "client_id",
                           "iat",
                           "nbf",
                           "exp",
                           "jti",
                           "scope",
                           "sub_profile",
                           "intent",
                           "agent_proof",
                           "intent.workflow_id",
                           "intent.workflow_version",
                           "intent.workflow_step",
                           "intent.execution_id",
                           "intent.executed_by",
                           "intent.initiated_by",
                           "intent.delegators",
                           "intent.delegation_chain",
                           "intent.step_sequence_hash",
                           "intent.delegation_digest",
                           "intent.step_sequence_digest",
                           "agent_proof.registration_id"}) {
    EXPECT_THAT(parse(without(name)), RefusedWith(Code::k_claim_missing)) << name;
  }
}

TEST(AccessTokenClaims, OfTheWrongTypeAreMalformed) {
  for (const char* name : {"iss",
                           "sub",
                           "client_id",
                           "jti",
                           "scope",
                           "cnf",
                           "sub_profile",
                           "intent",
                           "agent_proof",
                           "cnf.jkt",
                           "intent.workflow_id",
                           "intent.workflow_version",
                           "intent.workflow_step",
                           "intent.execution_id",
                           "intent.executed_by",
                           "intent.initiated_by",
                           "intent.delegators",
                           "intent.delegation_chain",
                           "intent.step_sequence_hash",
                           "intent.delegation_digest",
                           "intent.step_sequence_digest",
                           "agent_proof.registration_id",
                           "agent_proof.agent_checksum"}) {
    for (const json::Value& value :
         {json::Value(nullptr), json::Value(1.5), json::Value(json::Array{1}), json::Value("")}) {
      EXPECT_THAT(parse(with(name, value)), RefusedWith(Code::k_claim_malformed)) << name;
    }
  }
  for (const char* name : {"iat", "nbf", "exp"}) {
    for (const json::Value& value : {json::Value("1800000000"), json::Value(1.8e9), json::Value(-1),
                                     json::Value(std::int64_t{253402300800})}) {
      EXPECT_THAT(parse(with(name, value)), RefusedWith(Code::k_claim_malformed)) << name;
    }
  }
}

TEST(AccessTokenClaims, OfTheWrongFormAreMalformed) {
  const struct {
    const char* name;
    json::Value value;
  } cases[] = {
      {"client_id", "a b"},
      {"jti", std::string(257, 'j')},
      {"scope", "a  b"},
      {"scope", "a a"},
      {"cnf.jkt", "AAAA"},
      {"cnf.jkt", std::string(43, '=')},
      {"sub", "patcher"},
      {"sub", "user:idp:1"},
      {"intent.executed_by", "agent:shop:planner"},
      {"intent.workflow_version", 0},
      {"intent.workflow_step", "a|b"},
      {"intent.delegators", json::Array{""}},
      {"intent.delegation_chain", "0123"},
      {"intent.delegation_chain", "0123456789ABCDEF"},
      {"intent.delegation_digest", "short"},
      {"agent_proof.agent_checksum", "md5:1"},
  };
  for (const auto& test : cases) {
    EXPECT_THAT(parse(with(test.name, test.value)), RefusedWith(Code::k_claim_malformed))
        << test.name;
  }
}

TEST(AccessTokenClaims, ThatAreUnknownAreIgnored) {
  EXPECT_THAT(parse(with("auth_time", 1)), IsOk());
  EXPECT_THAT(parse(with("intent.intent_id", "i")), IsOk());
}

TEST(AccessTokenClaims, MayLeaveStepAndChecksumOut) {
  json::Object object = payload();
  json::Object claims = object.find("intent")->as_object();
  for (const char* name : {"workflow_id", "workflow_version", "workflow_step", "execution_id"}) {
    claims.remove(name);
  }
  object.set("intent", std::move(claims));
  const auto token = parse(object);
  ASSERT_THAT(token, IsOk());
  EXPECT_FALSE(token->intent->step.has_value());
  const auto unshown = parse(without("agent_proof.agent_checksum"));
  ASSERT_THAT(unshown, IsOk());
  EXPECT_EQ(unshown->agent_proof->agent_checksum, std::nullopt);
}

TEST(AccessTokenClaims, NameOneAudience) {
  EXPECT_THAT(parse(with("aud", json::Array{std::string(kAudience)})),
              RefusedWith(Code::k_audience_mismatch));
  EXPECT_THAT(parse(with("aud", 1)), RefusedWith(Code::k_claim_malformed));
}

TEST(AccessTokenClaims, BindTheTokenToAKey) {
  EXPECT_THAT(parse(without("cnf")), RefusedWith(Code::k_confirmation_missing));
  EXPECT_THAT(parse(without("cnf.jkt")), RefusedWith(Code::k_confirmation_missing));
}

TEST(AccessTokenClaims, WithAProfileAreRefused) {
  EXPECT_THAT(parse(with("profile", "draft-00")), RefusedWith(Code::k_profile_refused));
}

TEST(AccessTokenClaims, WithDetailsThatCannotBeJudgedAreRefused) {
  const auto details = [](std::string_view text) {
    return parse(with("authorization_details", *json::parse(text)));
  };
  EXPECT_THAT(details(R"([{"type":"agent_tool","tool":"t"}])"), IsOk());
  EXPECT_THAT(details(R"([{"type":"agent_tool","tool":"t","constraints":{}}])"), IsOk());
  for (const char* text :
       {R"([])", R"({})", R"("x")", R"([1])", R"([{"type":"agent_tool"}])", R"([{"tool":"t"}])",
        R"([{"type":"payment","tool":"t"}])", R"([{"type":"agent_tool","tool":""}])",
        R"([{"type":"agent_tool","tool":1}])",
        R"([{"type":"agent_tool","tool":"t","constraints":{"type":"object"}}])",
        R"([{"type":"agent_tool","tool":"t","constraints":null}])",
        R"([{"type":"agent_tool","tool":"t","locations":["x"]}])",
        R"([{"type":"agent_tool","tool":"t"},{"type":"agent_tool","tool":"u"}])"}) {
    EXPECT_THAT(details(text), RefusedWith(Code::k_constraints_refused)) << text;
  }
}

TEST(AccessTokenClaims, ThatAreNoStrictObjectAreMalformed) {
  for (const std::string_view text : {"", "[]", "{", R"({"iss":"a","iss":"b"})"}) {
    EXPECT_THAT(parse_access_token(as_bytes(text)), RefusedWith(Code::k_claim_malformed)) << text;
  }
}

}  // namespace
}  // namespace ajwt
