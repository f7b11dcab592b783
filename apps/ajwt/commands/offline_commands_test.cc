// SPDX-License-Identifier: Apache-2.0
//
// Commands that reach nothing, run in this process; and the reference pages that are their output.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "crypto/key.h"
#include "files/scratch_directory.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/access_token.h"
#include "protocol/draft_token.h"
#include "protocol/proof.h"
#include "tests/support/matchers.h"

namespace ajwt::app {
namespace {

struct Outcome {
  ExitCode code;
  std::string out;
  std::string err;
};

Outcome run(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Session session(out, err);
  const auto root = make_root(session);
  add_agent_command(*root, session);
  add_config_command(*root, session);
  add_reasons_command(*root, session);
  add_token_command(*root, session);
  add_version_command(*root, session);
  std::vector<const char*> words{"ajwt"};
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  const ExitCode code =
      run_command_line(*root, session, static_cast<int>(words.size()), words.data());
  return {code, out.str(), err.str()};
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const DraftToken::Agent::Step kOrdering{WorkflowId::trusted("ordering"), StepId::trusted("look")};

class OfflineCommandsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto scratch = files::ScratchDirectory::create();
    ASSERT_THAT(scratch, IsOk());
    scratch_ = *std::move(scratch);
    auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
    ASSERT_THAT(key, IsOk());
    key_ = *std::move(key);
    kid_ = jose::thumbprint(key_->public_key());
  }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = scratch_->path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::string make_token() { return make_token(SystemClock().now(), "https://api.example.com"); }
  std::string make_token(Instant now, const std::string& audience) {
    const AccessToken token{.iss = "https://as.example.com",
                            .aud = audience,
                            .sub = "fleet",
                            .client_id = AppId::trusted("shop"),
                            .iat = now,
                            .nbf = now,
                            .exp = now + Seconds(300),
                            .jti = "t-1",
                            .scope = {"orders:read"},
                            .cnf_jkt = kid_};
    return issue_access_token(token, *key_, kid_).value();
  }
  // make_draft_token makes an agent's bearer token of profile draft-00.
  std::string make_draft_token(std::optional<DraftToken::Agent::Step> step = kOrdering) {
    const Instant now = SystemClock().now();
    const DraftToken token{
        .iss = "https://as.example.com",
        .aud = "https://api.example.com",
        .sub = "old-bot",
        .client_id = AppId::trusted("shop"),
        .iat = now,
        .nbf = now,
        .exp = now + Seconds(300),
        .jti = "t-2",
        .scope = {"orders:read"},
        .agent = DraftToken::Agent{.step = std::move(step),
                                   .delegation_chain = std::string(16, 'a'),
                                   .step_sequence_hash = std::string(16, 'b'),
                                   .registration_id = RegistrationId::trusted("reg_1"),
                                   .agent_checksum = std::string(64, 'c')}};
    return issue_draft_token(token, *key_, kid_).value();
  }
  std::string write_jwks() {
    const jose::KeySet keys({jose::Jwk{key_->public_key(), kid_, jose::Algorithm::kEdDSA}});
    return write("jwks.json", json::write(jose::write_jwks(keys)));
  }

  std::unique_ptr<files::ScratchDirectory> scratch_;
  std::optional<crypto::PrivateKey> key_;
  std::string kid_;
};

TEST_F(OfflineCommandsTest, AgentChecksumAgreesWithTheVectors) {
  const std::string vectors =
      read_file(std::string(AJWT_VECTORS_DIR) + "/third_party/agent-checksum.json");
  const auto parsed = json::parse(vectors, {.max_bytes = 16 * 1024 * 1024, .max_depth = 32});
  ASSERT_THAT(parsed, IsOk());
  const json::Object& vector = parsed->as_array().front().as_object();
  const std::string file = write("agent.json", json::write(*vector.find("agent_components")));
  EXPECT_EQ(run({"agent", "checksum", file, "--profile", "sha256"}).out,
            vector.find("sha256")->as_string() + "\n");
  EXPECT_EQ(run({"agent", "checksum", file, "--profile", "reference"}).out,
            vector.find("reference")->as_string() + "\n");
  EXPECT_EQ(run({"agent", "checksum", "--normalized", file}).out,
            vector.find("normalized_prompt")->as_string() + "\n");
}

TEST_F(OfflineCommandsTest, AgentChecksumIsStrictUnlessAnotherProfileIsNamed) {
  const std::string vectors = read_file(std::string(AJWT_VECTORS_DIR) + "/strict-checksum.json");
  const auto parsed = json::parse(vectors, {.max_bytes = 1024 * 1024, .max_depth = 32});
  ASSERT_THAT(parsed, IsOk());
  const json::Object& vector = parsed->as_array().back().as_object();
  const std::string file = write("agent.json", json::write(*vector.find("agent_components")));
  EXPECT_EQ(run({"agent", "checksum", file}).out, vector.find("checksum")->as_string() + "\n");
  const Outcome draft = run({"agent", "checksum", file, "--profile", "sha256"});
  EXPECT_EQ(draft.code, ExitCode::kUsage);
  EXPECT_NE(draft.err.find("component_not_hashed"), std::string::npos) << draft.err;
}

TEST_F(OfflineCommandsTest, AgentChecksumNamesTheFileThatItCannotRead) {
  const Outcome outcome = run({"agent", "checksum", "/nonexistent/agent.json"});
  EXPECT_EQ(outcome.code, ExitCode::kError);
  EXPECT_NE(outcome.err.find("/nonexistent/agent.json"), std::string::npos);
}

TEST_F(OfflineCommandsTest, AgentChecksumRefusesWhatItWouldNotHash) {
  const std::string file =
      write("agent.json", R"({"agent_id":"a","prompt_template":"p","tools":[],"colour":"red"})");
  const Outcome outcome = run({"agent", "checksum", file});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_NE(outcome.err.find("json_unknown_member"), std::string::npos) << outcome.err;
}

constexpr std::string_view kGuardFile = R"(issuer = "https://as.example.com"
public_url = "https://api.example.com"
listen = "127.0.0.1:0"
upstream = "http://127.0.0.1:3000"
tls = "proxy"
[[route]]
method = "GET"
path = "/orders/{id}"
app = "shop"
scope = "orders:read"
token = "plain"
[[route]]
method = "POST"
path = "/orders"
app = "warehouse"
scope = "orders:write"
workflow = "ordering"
step = "order"
tool = "place_order"
)";

// reasons_of returns the reasons of the causes in an explanation.
std::vector<std::string> reasons_of(const json::Object& explanation) {
  std::vector<std::string> reasons;
  for (const json::Value& row : *explanation.find_array("causes")) {
    reasons.push_back(row.as_object().text("reason"));
  }
  return reasons;
}

TEST_F(OfflineCommandsTest, TokenExplainSaysWhatATokenPermits) {
  const std::string token = make_token();
  const Outcome outcome =
      run({"token", "explain", token, "--guard-config",
           write("guard.toml", std::string(kGuardFile)), "--jwks", write_jwks(), "--request",
           "GET https://api.example.com/orders/7", "--offline", "--json"});
  EXPECT_EQ(outcome.code, ExitCode::kOk) << outcome.out << outcome.err;
  const auto shown = json::parse_object(outcome.out);
  ASSERT_THAT(shown, IsOk());
  EXPECT_EQ(*shown->find("refused"), json::Value(false));
  EXPECT_EQ(*shown->find_array("open_routes"), (json::Array{"GET /orders/{id}"}));
  EXPECT_EQ(shown->text("proof_needed_by"), kid_);
  EXPECT_EQ(shown->find_object("permits")->text("where"), "https://api.example.com");
  EXPECT_EQ(outcome.out.find(token), std::string::npos);
  EXPECT_EQ(outcome.out.find(token.substr(token.rfind('.'))), std::string::npos);
}

TEST_F(OfflineCommandsTest, TokenExplainNamesEveryRuleThatRefuses) {
  const Outcome outcome =
      run({"token", "explain", make_token(), "--guard-config",
           write("guard.toml", std::string(kGuardFile)), "--jwks", write_jwks(), "--request",
           "POST https://other.example.com/orders", "--offline", "--json"});
  EXPECT_EQ(outcome.code, ExitCode::kDenied);
  const auto shown = json::parse_object(outcome.out);
  ASSERT_THAT(shown, IsOk());
  EXPECT_EQ(
      reasons_of(*shown),
      (std::vector<std::string>{"proof_uri_mismatch", "intent_missing", "subject_profile_refused",
                                "application_refused", "scope_insufficient", "workflow_refused",
                                "step_refused", "tool_refused"}));
  EXPECT_NE(outcome.out.find("the token has orders:read, the route needs orders:write"),
            std::string::npos);
}

TEST_F(OfflineCommandsTest, TokenExplainNamesAnExpiredTokenAndAnotherAudience) {
  const Instant past = SystemClock().now() - Seconds(900);
  const Outcome outcome =
      run({"token", "explain", make_token(past, "https://b.example.com"), "--guard-config",
           write("guard.toml", std::string(kGuardFile)), "--jwks", write_jwks(), "--offline"});
  EXPECT_EQ(outcome.code, ExitCode::kDenied);
  EXPECT_NE(outcome.out.find("token_expired"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("it expired 10 min ago"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("audience_mismatch"), std::string::npos) << outcome.out;
}

TEST_F(OfflineCommandsTest, TokenExplainSaysNothingOfATokenThatNobodySigned) {
  std::string forged = make_token();
  forged.back() = forged.back() == 'A' ? 'Q' : 'A';
  const Outcome outcome = run({"token", "explain", forged, "--issuer", "https://as.example.com",
                               "--jwks", write_jwks(), "--offline"});
  EXPECT_EQ(outcome.code, ExitCode::kDenied);
  EXPECT_NE(outcome.err.find("jws_signature_invalid"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.out.find("permits"), std::string::npos);
  EXPECT_EQ(outcome.err.find(forged), std::string::npos);
}

TEST_F(OfflineCommandsTest, TokenExplainNeverTakesTheTokensOwnWordForItsIssuer) {
  const Outcome outcome =
      run({"token", "explain", make_token(), "--jwks", write_jwks(), "--offline"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_NE(outcome.err.find("--issuer"), std::string::npos) << outcome.err;
}

constexpr std::string_view kDraftRoutes = R"([[route]]
method = "GET"
path = "/old/orders"
app = "shop"
scope = "orders:read"
profile = "draft-00"
[[route]]
method = "POST"
path = "/old/orders"
app = "warehouse"
scope = "orders:write"
profile = "draft-00"
workflow = "restocking"
step = "order"
)";

TEST_F(OfflineCommandsTest, TokenExplainSaysWhatABearerTokenOfTheDraftsProfileIs) {
  const std::string token = make_draft_token();
  const std::vector<std::string> words{
      "token",
      "explain",
      token,
      "--guard-config",
      write("guard.toml", std::string(kGuardFile) + std::string(kDraftRoutes)),
      "--jwks",
      write_jwks(),
      "--request",
      "GET /old/orders",
      "--offline"};
  const Outcome outcome = run(words);
  EXPECT_EQ(outcome.code, ExitCode::kOk) << outcome.out << outcome.err;
  for (const char* said :
       {"intent token of profile draft-00", "look of workflow ordering",
        "whoever holds it may use it", "unless its route names the profile",
        "are the client's word", "routes of the guard that it opens: GET /old/orders\n"}) {
    EXPECT_NE(outcome.out.find(said), std::string::npos) << said << "\n" << outcome.out;
  }
  EXPECT_EQ(outcome.out.find("fresh proof"), std::string::npos);
  EXPECT_EQ(outcome.out.find(token), std::string::npos);

  std::vector<std::string> in_json = words;
  in_json.emplace_back("--json");
  const auto shown = json::parse_object(run(in_json).out);
  ASSERT_THAT(shown, IsOk());
  EXPECT_EQ(*shown->find("refused"), json::Value(false));
  EXPECT_EQ(*shown->find("proof_needed_by"), json::Value());
  EXPECT_EQ(shown->find_array("conditions")->size(), 3U);
}

TEST_F(OfflineCommandsTest, TokenExplainHoldsTokensToTheRoutesOfTheirProfile) {
  const std::string file = write("guard.toml", std::string(kGuardFile) + std::string(kDraftRoutes));
  const auto reasons = [&](const std::string& token, const std::string& request) {
    const Outcome outcome = run({"token", "explain", token, "--guard-config", file, "--jwks",
                                 write_jwks(), "--request", request, "--offline", "--json"});
    EXPECT_EQ(outcome.code, ExitCode::kDenied) << outcome.out;
    const auto shown = json::parse_object(outcome.out);
    return shown ? reasons_of(*shown) : std::vector<std::string>();
  };
  using Reasons = std::vector<std::string>;
  EXPECT_EQ(reasons(make_draft_token(), "GET /orders/7"), Reasons{"token_scheme_refused"});
  EXPECT_EQ(reasons(make_token(), "GET /old/orders"), Reasons{"token_scheme_refused"});
  EXPECT_EQ(
      reasons(make_draft_token(), "POST /old/orders"),
      (Reasons{"application_refused", "scope_insufficient", "workflow_refused", "step_refused"}));
  EXPECT_EQ(
      reasons(make_draft_token(std::nullopt), "POST https://b.example.com/old/orders"),
      (Reasons{"application_refused", "scope_insufficient", "workflow_refused", "step_refused"}));
}

TEST_F(OfflineCommandsTest, TokenVerifyTakesABearerTokenOnlyWhereItsProfileIsNamed) {
  const std::string jwks = write_jwks();
  const auto verify = [&](const std::string& token, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"token",  "verify", token, "--issuer", "https://as.example.com",
                                   "--jwks", jwks};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  const Outcome refused = verify(make_draft_token());
  EXPECT_EQ(refused.code, ExitCode::kDenied);
  EXPECT_NE(refused.err.find("token_scheme_refused"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--token-profile draft-00"), std::string::npos) << refused.err;

  const Outcome named = verify(make_draft_token(), {"--token-profile", "draft-00"});
  EXPECT_EQ(named.code, ExitCode::kOk) << named.err;
  EXPECT_NE(named.out.find("intent token of profile draft-00"), std::string::npos) << named.out;
  EXPECT_NE(named.err.find("whoever holds it may use it"), std::string::npos) << named.err;

  std::string changed = make_draft_token();
  changed[changed.rfind('.') + 1] = changed[changed.rfind('.') + 1] == 'A' ? 'B' : 'A';
  EXPECT_NE(verify(changed, {"--token-profile", "draft-00"}).err.find("jws_signature_invalid"),
            std::string::npos);
  const Outcome strict = verify(make_token(), {"--token-profile", "draft-00"});
  EXPECT_EQ(strict.code, ExitCode::kDenied);
  EXPECT_NE(strict.err.find("jws_type_refused"), std::string::npos) << strict.err;
  EXPECT_EQ(verify(make_token(), {"--token-profile", "draft-01"}).code, ExitCode::kUsage);
}

TEST_F(OfflineCommandsTest, TokenInspectTellsATokenOfTheDraftsProfile) {
  const Outcome words = run({"token", "inspect", make_draft_token()});
  EXPECT_TRUE(words.out.starts_with("intent token of profile draft-00\n")) << words.out;
  EXPECT_NE(words.err.find("A bearer token"), std::string::npos) << words.err;
  const auto shown =
      json::parse_object(run({"token", "inspect", make_draft_token(), "--json"}).out);
  ASSERT_THAT(shown, IsOk());
  EXPECT_EQ(shown->text("kind"), "intent token of profile draft-00");
  EXPECT_FALSE(shown->contains("key"));
}

TEST_F(OfflineCommandsTest, TokenAndKeysCannotBothBeStandardInput) {
  for (const char* verb : {"verify", "explain"}) {
    const Outcome outcome =
        run({"token", verb, "-", "--issuer", "https://as.example.com", "--jwks", "-"});
    EXPECT_EQ(outcome.code, ExitCode::kUsage) << verb;
    EXPECT_NE(outcome.err.find("Only one input can be standard input"), std::string::npos);
  }
}

TEST_F(OfflineCommandsTest, ConfigShowLeavesWhatIsUnsetEmpty) {
  const Outcome outcome = run({"config", "show"});
  EXPECT_EQ(outcome.code, ExitCode::kOk);
  EXPECT_EQ(outcome.out.find("null"), std::string::npos) << outcome.out;
}

TEST_F(OfflineCommandsTest, TokenInspectShowsATokenAndSaysThatNothingWasVerified) {
  const Outcome outcome = run({"token", "inspect", make_token(), "--json"});
  EXPECT_EQ(outcome.code, ExitCode::kOk);
  const auto shown = json::parse_object(outcome.out);
  ASSERT_THAT(shown, IsOk());
  EXPECT_EQ(*shown->find("verified"), json::Value(false));
  EXPECT_EQ(*shown->find("kind"), json::Value("access token"));
  EXPECT_EQ(*shown->find("key"), json::Value(kid_));
}

TEST_F(OfflineCommandsTest, TokenInspectShowsWhoseKeyMadeAProof) {
  const auto proof = build_dpop_proof(*key_, {.method = "GET",
                                              .uri = "https://api.example.com/a",
                                              .jti = "j",
                                              .now = SystemClock().now()});
  ASSERT_THAT(proof, IsOk());
  const Outcome outcome = run({"token", "inspect", *proof});
  EXPECT_TRUE(outcome.out.starts_with("DPoP proof\n")) << outcome.out;
  EXPECT_NE(outcome.out.find("jkt  " + kid_), std::string::npos);
  EXPECT_NE(outcome.err.find("Nothing was verified"), std::string::npos);
}

TEST_F(OfflineCommandsTest, TokenInspectRefusesWhatIsNoToken) {
  EXPECT_EQ(run({"token", "inspect", "abc"}).code, ExitCode::kDenied);
  EXPECT_EQ(run({"token", "inspect", "a.b.c.d"}).code, ExitCode::kDenied);
  EXPECT_EQ(run({"token", "inspect", "####.e30.x"}).code, ExitCode::kUsage);
  EXPECT_EQ(run({"token", "inspect", std::string(70'000, 'a')}).code, ExitCode::kUsage);
}

TEST_F(OfflineCommandsTest, TokenVerifyAcceptsAGoodToken) {
  const Outcome outcome =
      run({"token", "verify", make_token(), "--issuer", "https://as.example.com", "--audience",
           "https://api.example.com", "--jwks", write_jwks()});
  EXPECT_EQ(outcome.code, ExitCode::kOk) << outcome.err;
  EXPECT_NE(outcome.out.find("verified          true"), std::string::npos) << outcome.out;
}

TEST_F(OfflineCommandsTest, TokenVerifyRefusesAnotherIssuersAnotherAudiencesAndAChangedToken) {
  const std::string jwks = write_jwks();
  const std::string token = make_token();
  const auto verify = [&](const std::string& text, const std::string& issuer,
                          const std::string& audience) {
    return run(
        {"token", "verify", text, "--issuer", issuer, "--audience", audience, "--jwks", jwks});
  };
  const Outcome issuer = verify(token, "https://evil.example.com", "https://api.example.com");
  EXPECT_EQ(issuer.code, ExitCode::kDenied);
  EXPECT_NE(issuer.err.find("issuer_mismatch"), std::string::npos);
  const Outcome audience = verify(token, "https://as.example.com", "https://other.example.com");
  EXPECT_EQ(audience.code, ExitCode::kDenied);
  EXPECT_NE(audience.err.find("audience_mismatch"), std::string::npos);
  std::string changed = token;
  changed[token.rfind('.') + 1] = changed[token.rfind('.') + 1] == 'A' ? 'B' : 'A';
  const Outcome signature = verify(changed, "https://as.example.com", "https://api.example.com");
  EXPECT_EQ(signature.code, ExitCode::kDenied);
  EXPECT_NE(signature.err.find("jws_signature_invalid"), std::string::npos);
}

TEST_F(OfflineCommandsTest, TokenVerifyFetchesNoKeysInTheClear) {
  const Outcome outcome =
      run({"token", "verify", make_token(), "--issuer", "http://as.example.com"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_NE(outcome.err.find("must be https"), std::string::npos) << outcome.err;
}

TEST_F(OfflineCommandsTest, ConfigCheckTellsTheLineOfAWrongKey) {
  const std::string file = write("ajwt.toml", "skew = 1\nlissten = \"x\"\n");
  const Outcome outcome = run({"config", "check", file});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_NE(outcome.err.find(file + ":2:1: unknown key 'lissten'; did you mean 'listen'?"),
            std::string::npos)
      << outcome.err;
}

TEST_F(OfflineCommandsTest, ConfigCheckKnowsAGuardsFileByItsKeys) {
  const std::string file = write("guard.toml",
                                 "upstream = \"http://127.0.0.1:1\"\nissuer = 1\n[[route]]\n"
                                 "method = \"GET\"\npath = \"/\"\napp = \"shop\"\n"
                                 "scope = \"s\"\ntoken = \"plain\"\n");
  const Outcome outcome = run({"config", "check", file});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_NE(outcome.err.find("guard.toml:2:1: issuer"), std::string::npos) << outcome.err;
}

TEST_F(OfflineCommandsTest, ConfigShowTellsWhereAValueComesFrom) {
  const std::string file = write("ajwt.toml", "skew = 1\n");
  const Outcome outcome =
      run({"config", "show", "--origin", "--config", file, "--listen", "[::1]:1"});
  EXPECT_EQ(outcome.code, ExitCode::kOk) << outcome.err;
  EXPECT_NE(outcome.out.find(file + ":1:1"), std::string::npos);
  EXPECT_NE(outcome.out.find("--listen"), std::string::npos);
}

TEST_F(OfflineCommandsTest, ReasonsFindsOneByName) {
  EXPECT_NE(run({"reasons", "proof_replayed"}).out.find("number"), std::string::npos);
  EXPECT_EQ(run({"reasons", "no_such_reason"}).code, ExitCode::kNotFound);
}

// The reference pages are made by commands; these tests fail when one is out of date.
TEST_F(OfflineCommandsTest, TheReferenceOfReasonsIsTheTable) {
  EXPECT_EQ(read_file(AJWT_SOURCE_DIR "/docs/reference/reasons.md"),
            run({"reasons", "--markdown"}).out)
      << "run: ajwt reasons --markdown > docs/reference/reasons.md";
}

TEST_F(OfflineCommandsTest, TheReferenceOfSettingsHasTheTable) {
  const std::string page = read_file(AJWT_SOURCE_DIR "/docs/reference/config.md");
  EXPECT_NE(page.find(run({"config", "options", "--markdown"}).out), std::string::npos)
      << "put the output of `ajwt config options --markdown` into docs/reference/config.md";
}

}  // namespace
}  // namespace ajwt::app
