// SPDX-License-Identifier: Apache-2.0
//
// Commands against a running authority: letting the draft's clients in, second acts, and what is
// said about tokens that it minted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "files/key_file.h"
#include "http/client.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/checkpoint.h"
#include "shim/fleet.h"
#include "tests/functional/program.h"
#include "tests/support/matchers.h"

namespace ajwt::functional {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kApi = "https://api.example.com";
constexpr std::string_view kBot =
    R"({"agent_id":"refund-bot","prompt_template":"Refund.","tools":[],"configuration":{}})";
constexpr std::string_view kRefunds =
    R"({"workflow_id":"refunds","steps":{"refund":{"agent_id":"refund-bot","action":"refund",
        "scopes":["refunds:write"],"audience":"https://api.example.com","completion":"agent"}}})";
constexpr std::string_view kDraftGrant =
    R"({"grant":[{"audience":"https://api.example.com","scopes":["refunds:write"]}]})";

json::Object parsed(const std::string& text) {
  auto object = json::parse_object(text);
  EXPECT_THAT(object, IsOk()) << text;
  return object ? *std::move(object) : json::Object();
}

void expect_refused(const Outcome& outcome, int code, std::string_view reason) {
  EXPECT_EQ(outcome.code, code) << outcome.out << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("ajwt: " + std::string(reason) + ": ")) << outcome.err;
}

// With -o json a refusal stands in standard output.
void expect_refused_in_json(const Outcome& outcome, int code, std::string_view reason) {
  EXPECT_EQ(outcome.code, code) << outcome.out << outcome.err;
  EXPECT_EQ(parsed(outcome.out).text("reason"), reason);
}

// TokenTap passes requests on to the authority, and answers those to the API itself.
class TokenTap final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpCall& call) override {
    if (!call.url.starts_with(kApi)) return client_.send(call);
    constexpr std::string_view kScheme = "DPoP ";
    const auto field = call.headers.find("Authorization").value_or("");
    EXPECT_TRUE(field.starts_with(kScheme));
    token = field.substr(kScheme.size());
    return HttpResponse{.status = 200, .headers = {}, .body = "{}"};
  }
  std::string token;

 private:
  http::CurlClient client_;
};

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() { serve(); }

  void serve(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"serve", "--data", data_, "--listen", "127.0.0.1:0"};
    words.insert(words.end(), more.begin(), more.end());
    authority_.reset();
    authority_ =
        std::make_unique<Background>(Call{.arguments = std::move(words), .folder = folder_.path()});
    issuer_ = member_of(authority_->wait_for("\"message\":\"ready\""), "issuer");
  }

  Outcome ajwt(std::vector<std::string> words, const std::string& input = {}) const {
    return run({.arguments = std::move(words), .folder = folder_.path(), .input = input});
  }
  Outcome as_administrator(std::vector<std::string> words, std::string_view input = {}) const {
    words.insert(words.end(), {"--profile", data_ + "/admin.json"});
    return ajwt(std::move(words), std::string(input));
  }
  // as_client asks as a client of shop whose key file is "<client>.pem".
  Outcome as_client(const std::string& client, std::vector<std::string> words,
                    const std::string& input = {}) const {
    words.insert(words.end(), {"--authority", issuer_, "--client-id", client, "--key",
                               folder_.path(client + ".pem")});
    return ajwt(std::move(words), input);
  }

  void administer(std::vector<std::string> words, std::string_view input = {}) const {
    const Outcome outcome = as_administrator(std::move(words), input);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  json::Object answer_of(std::vector<std::string> words, std::string_view input = {}) const {
    words.insert(words.end(), {"-o", "json"});
    const Outcome outcome = as_administrator(std::move(words), input);
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    return parsed(outcome.out);
  }

  void create_shop(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"app", "create", "shop", "--audience", std::string(kApi)};
    words.insert(words.end(), more.begin(), more.end());
    administer(std::move(words));
  }
  json::Object register_bot(const std::string& key = "bot.pem") const {
    return answer_of(
        {"agent", "register", "-f", "-", "--app", "shop", "--agent-key", key, "--new-key"}, kBot);
  }
  json::Object register_refunds() const {
    return answer_of({"workflow", "register", "-f", "-", "--app", "shop"}, kRefunds);
  }

  // draft_post and draft_token speak as the draft's reference clients do: secrets in bodies, bearer
  // tokens, no keys.
  json::Object draft_post(const std::string& path, const std::string& bearer,
                          const std::string& body) {
    HttpHeaders headers;
    headers.add("Content-Type",
                bearer.empty() ? "application/x-www-form-urlencoded" : "application/json");
    if (!bearer.empty()) headers.add("Authorization", "Bearer " + bearer);
    const auto answer = tap_.send(
        {.method = "POST", .url = issuer_ + path, .headers = std::move(headers), .body = body});
    EXPECT_THAT(answer, IsOk());
    return answer ? parsed(answer->body) : json::Object();
  }
  std::string draft_token(const std::string& client, const std::string& scope) {
    const json::Object created =
        answer_of({"draft-00", "create-client", "shop", client, "--scope", scope});
    return draft_post("/oauth/token", {},
                      "grant_type=client_credentials&client_id=" + client +
                          "&client_secret=" + created.text("client_secret") + "&scope=" + scope)
        .text("access_token");
  }

  // during_refund mints a token for refund-bot and calls `act` while its step is active.
  void during_refund(const std::function<void(const std::string& token)>& act) {
    auto key = files::load_key_file(folder_.path("shop-fleet.pem"));
    ASSERT_THAT(key, IsOk());
    auto fleet = shim::Fleet::create(
        {.authority = {.issuer = issuer_,
                       .credential = {ClientId::trusted("shop-fleet"), *std::move(key)}}},
        tap_, clock_);
    ASSERT_THAT(fleet, IsOk());
    const auto bot = (*fleet)->declare(shim::live_agent([] {
                                         return AgentDefinition{.agent_id = "refund-bot",
                                                                .prompt_template = "Refund.",
                                                                .tools = {},
                                                                .configuration = {}};
                                       }),
                                       folder_.path("bot.pem"));
    ASSERT_THAT(bot, IsOk());
    const auto running = bot->enter();
    ASSERT_THAT(running, IsOk());
    ASSERT_THAT((*fleet)->open_execution(WorkflowId::trusted("refunds")), IsOk());
    const auto answer = (*fleet)->call_tool(
        {.tool = "refund",
         .step = StepId::trusted("refund"),
         .scopes = {"refunds:write"},
         .audience = std::string(kApi)},
        [&](const shim::ToolSession& session) -> Result<HttpResponse> {
          AJWT_ASSIGN(HttpResponse response, session.send({.method = "POST",
                                                           .url = std::string(kApi) + "/refunds/7",
                                                           .headers = {},
                                                           .body = "{}"}));
          act(tap_.token);
          return response;
        });
    EXPECT_THAT(answer, IsOk());
  }
  void set_up_refunds() {
    create_shop();
    administer({"app", "client", "add", "shop", "shop-fleet", "--scope", "generate:intent-token",
                "--key-file", "shop-fleet.pem"});
    register_bot();
    register_refunds();
  }
  std::vector<std::string> explain_words() const {
    const std::string guard = folder_.write(
        "guard.toml", "issuer = \"" + issuer_ + "\"\npublic_url = \"" + std::string(kApi) +
                          "\"\nlisten = \"127.0.0.1:0\"\nupstream = \"http://127.0.0.1:1\"\n"
                          "tls = \"proxy\"\n[[route]]\nmethod = \"POST\"\n"
                          "path = \"/refunds/{id}\"\napp = \"shop\"\nscope = \"refunds:write\"\n"
                          "workflow = \"refunds\"\nstep = \"refund\"\ntool = \"refund\"\n");
    return {"token", "explain", "-", "--guard-config", guard, "--request", "POST /refunds/7"};
  }

  ScratchFolder folder_;
  const std::string data_ = folder_.path("data");
  std::string issuer_;
  TokenTap tap_;
  SystemClock clock_;
  std::unique_ptr<Background> authority_;
};

TEST_F(CommandsTest, Draft00LetsClientsAndAgentsInAndOutAgain) {
  create_shop();
  const Outcome created = as_administrator(
      {"draft-00", "create-client", "shop", "old-fleet", "--scope", "generate:intent-token"});
  EXPECT_EQ(created.code, 0) << created.err;
  EXPECT_THAT(created.out, HasSubstr("client_secret"));
  EXPECT_THAT(created.err, HasSubstr("The secret is shown this once."));
  const json::Object in_json =
      answer_of({"draft-00", "create-client", "shop", "old-ci", "--scope", "register:intent"});
  EXPECT_EQ(in_json.text("client_id"), "old-ci");
  EXPECT_FALSE(in_json.text("client_secret").empty());

  const Outcome set = as_administrator({"draft-00", "set-agent", "shop", "refund-bot", "-f",
                                        folder_.write("grant.json", kDraftGrant)});
  EXPECT_EQ(set.code, 0) << set.err;
  EXPECT_THAT(set.out, HasSubstr("open"));
  EXPECT_EQ(answer_of({"draft-00", "set-agent", "shop", "older-bot", "-f", "-"}, kDraftGrant)
                .text("status"),
            "open");
  const json::Object list = answer_of({"draft-00", "list", "shop"});
  EXPECT_EQ(list.find_array("clients")->size(), 2U);
  EXPECT_EQ(list.find_array("agents")->size(), 2U);

  const Outcome disabled = as_administrator({"draft-00", "disable-client", "old-ci"});
  EXPECT_EQ(disabled.code, 0) << disabled.err;
  EXPECT_EQ(answer_of({"draft-00", "end-agent", "shop", "older-bot"}).text("status"), "ended");
  const Outcome ended = as_administrator({"draft-00", "list", "shop"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("ended"));
  EXPECT_THAT(ended.out, HasSubstr("true"));
  EXPECT_THAT(ended.out, Not(HasSubstr("client_secret")));
}

TEST_F(CommandsTest, Draft00RefusesAnAgentThatHasAKeyAndWhatIsNotThere) {
  create_shop();
  register_bot();
  std::vector<std::string> set{"draft-00", "set-agent", "shop", "refund-bot", "-f", "-"};
  expect_refused(as_administrator(set, kDraftGrant), 1, "draft_profile_closed");
  set.insert(set.end(), {"-o", "json"});
  expect_refused_in_json(as_administrator(set, kDraftGrant), 1, "draft_profile_closed");

  std::vector<std::string> create{"draft-00", "create-client",
                                  "shop",     "both",
                                  "--scope",  "register:intent generate:intent-token"};
  expect_refused(as_administrator(create), 2, "scopes_conflict");
  create.insert(create.end(), {"-o", "json"});
  expect_refused_in_json(as_administrator(create), 2, "scopes_conflict");
  expect_refused(as_administrator({"draft-00", "list", "nowhere"}), 5, "not_found");
  expect_refused(as_administrator({"draft-00", "end-agent", "shop", "nobody"}), 5, "not_found");
  expect_refused(as_administrator({"draft-00", "disable-client", "nobody"}), 5, "not_found");
}

// What a promise costs its owner is said where somebody looks.
TEST_F(CommandsTest, DoctorNamesTheDraftsClientsAtThePromises) {
  create_shop();
  administer({"draft-00", "set-agent", "shop", "refund-bot", "-f", "-"}, kDraftGrant);
  const Outcome doctor = as_administrator({"doctor"});
  EXPECT_EQ(doctor.code, 0) << doctor.out << doctor.err;
  EXPECT_THAT(doctor.out, HasSubstr("P1                       kept with a limit: profile draft-00 "
                                    "(1 agent at the authority): "));
}

TEST_F(CommandsTest, AgentActivateLetsTheVersionActThatWasLookedAt) {
  create_shop({"--activation", "separate"});
  const json::Object first = register_bot();
  EXPECT_EQ(first.text("status"), "inactive");
  const Outcome activated =
      as_administrator({"agent", "activate", "shop", "refund-bot", first.text("registration_id")});
  EXPECT_EQ(activated.code, 0) << activated.err;
  EXPECT_THAT(activated.out, HasSubstr(first.text("registration_id")));
  EXPECT_THAT(activated.out, HasSubstr("registered"));

  const std::string changed = folder_.write(
      "changed.json",
      R"({"agent_id":"refund-bot","prompt_template":"Refund all.","tools":[],"configuration":{}})");
  const json::Object second =
      answer_of({"agent", "register", "-f", changed, "--app", "shop", "--agent-key", "bot.pem"});
  EXPECT_EQ(answer_of({"agent", "activate", "shop", "refund-bot", second.text("registration_id")})
                .text("status"),
            "registered");

  std::vector<std::string> late{"agent", "activate", "shop", "refund-bot",
                                first.text("registration_id")};
  expect_refused(as_administrator(late), 1, "registration_superseded");
  late.insert(late.end(), {"-o", "json"});
  expect_refused_in_json(as_administrator(late), 1, "registration_superseded");
}

TEST_F(CommandsTest, WorkflowConfirmNeedsASecondAdministrator) {
  create_shop({"--workflow-confirmation", "second_administrator"});
  for (const char* client : {"second", "third"}) {
    administer({"app", "client", "add", "shop", client, "--scope", "admin:workflows", "--key-file",
                std::string(client) + ".pem"});
  }
  register_bot();
  EXPECT_EQ(register_refunds().text("status"), "unconfirmed");

  std::vector<std::string> confirm{"workflow", "confirm", "shop", "refunds", "1"};
  expect_refused(as_administrator(confirm), 3, "second_administrator_needed");
  const Outcome confirmed = as_client("second", confirm);
  EXPECT_EQ(confirmed.code, 0) << confirmed.err;
  EXPECT_THAT(confirmed.out, HasSubstr("second"));
  EXPECT_THAT(confirmed.out, Not(HasSubstr("refunds:write"))) << "the steps are for -o json";

  const std::string other = folder_.write(
      "other.json",
      R"({"workflow_id":"refunds","steps":{"again":{"agent_id":"refund-bot","action":"refund",
          "scopes":["refunds:write"],"audience":"https://api.example.com",
          "completion":"agent"}}})");
  administer({"workflow", "register", "-f", other, "--app", "shop"});
  confirm.back() = "2";
  confirm.insert(confirm.end(), {"-o", "json"});
  expect_refused_in_json(as_administrator(confirm), 3, "second_administrator_needed");
  const Outcome in_json = as_client("third", confirm);
  EXPECT_EQ(in_json.code, 0) << in_json.out << in_json.err;
  EXPECT_EQ(parsed(in_json.out).text("confirmed_by"), "third");
}

TEST_F(CommandsTest, AnAdministratorsClientIsMadeAndDisabledByWhoHoldsItsScopes) {
  create_shop();
  administer({"app", "client", "add", "shop", "second", "--scope", "admin:apps", "--scope",
              "admin:workflows", "--key-file", "second.pem"});
  EXPECT_EQ(as_client("second", {"workflow", "list", "shop"}).code, 0);
  expect_refused_in_json(
      as_client("second", {"app", "client", "add", "shop", "third", "--scope", "admin:keys",
                           "--key-file", folder_.path("third.pem"), "-o", "json"}),
      3, "scope_exceeds_ceiling");

  // It changes what has no scopes beyond its own, and nothing else.
  administer({"app", "client", "add", "shop", "third", "--scope", "admin:workflows", "--secret"});
  administer({"app", "client", "add", "shop", "fourth", "--scope", "admin:keys", "--secret"});
  for (const char* act : {"rotate-secret", "disable"}) {
    const Outcome third = as_client("second", {"app", "client", act, "third"});
    EXPECT_EQ(third.code, 0) << act << third.err;
    expect_refused(as_client("second", {"app", "client", act, "fourth"}), 3,
                   "scope_exceeds_ceiling");
  }

  administer({"app", "client", "disable", "second"});
  expect_refused(as_client("second", {"workflow", "list", "shop"}), 3, "client_unauthenticated");
}

TEST_F(CommandsTest, TokenExplainSaysOfAMintedBearerTokenWhatItIs) {
  create_shop({"--workflow-rule", "optional"});
  administer({"draft-00", "set-agent", "shop", "old-bot", "-f", "-"}, kDraftGrant);
  const std::string registrar = draft_token("old-ci", "register:intent");
  const json::Object registered =
      draft_post("/intent/register/agent", registrar,
                 R"({"app_id":"shop","public_key":null,"agent_components":{"agent_id":"old-bot",
          "prompt_template":"p","tools":[],"configuration":{}}})");
  const json::Object minted =
      draft_post("/intent/token", draft_token("old-fleet", "generate:intent-token"),
                 json::write(json::Object{{"grant_type", "agent_checksum"},
                                          {"agent_id", "old-bot"},
                                          {"computed_checksum", registered.text("checksum")},
                                          {"requested_scopes", json::Array{"refunds:write"}},
                                          {"audience", kApi}}));
  const std::string token = minted.text("access_token");

  const Outcome words = as_administrator({"token", "explain", "-"}, token);
  EXPECT_EQ(words.code, 0) << words.out << words.err;
  EXPECT_THAT(words.out, HasSubstr("intent token of profile draft-00"));
  EXPECT_THAT(words.out, HasSubstr("whoever holds it may use it"));
  EXPECT_THAT(words.out, HasSubstr("agent old-bot of profile draft-00  open"));
  administer({"draft-00", "end-agent", "shop", "old-bot"});
  const json::Object told =
      parsed(as_administrator({"token", "explain", "-", "--json"}, token).out);
  EXPECT_EQ(told.find_array("live")->front().as_object().text("state"), "ended");

  std::vector<std::string> verify{"token", "verify", "-", "--issuer", issuer_};
  expect_refused(ajwt(verify, token), 3, "token_scheme_refused");
  verify.insert(verify.end(), {"--token-profile", "draft-00"});
  EXPECT_EQ(ajwt(verify, token).code, 0);
}

TEST_F(CommandsTest, TokenExplainSaysOfAMintedTokenThatItPasses) {
  set_up_refunds();
  during_refund([&](const std::string& token) {
    const Outcome words = as_client("shop-fleet", explain_words(), token);
    EXPECT_EQ(words.code, 0) << words.out << words.err;
    EXPECT_THAT(words.out, HasSubstr("intent token"));
    EXPECT_THAT(words.out, HasSubstr("refund of workflow refunds version 1"));
    EXPECT_THAT(words.out, HasSubstr("routes of the guard that it opens: POST /refunds/{id}"));
    EXPECT_THAT(words.out, HasSubstr("with that, this request passes now"));
    EXPECT_THAT(words.out, Not(HasSubstr(token)));

    std::vector<std::string> in_json = explain_words();
    in_json.insert(in_json.end(), {"-o", "json"});
    const json::Object told = parsed(as_client("shop-fleet", in_json, token).out);
    EXPECT_EQ(*told.find("refused"), json::Value(false));
    std::vector<std::string> live;
    for (const json::Value& fact : *told.find_array("live")) {
      const std::string what = fact.as_object().text("what");
      live.push_back(what.substr(0, what.find(' ')) + " " + fact.as_object().text("state"));
    }
    EXPECT_THAT(live,
                ::testing::ElementsAre("registration verified", "execution open", "step active"));
  });
}

TEST_F(CommandsTest, TokenExplainSaysOfAMintedTokenThatItExpired) {
  serve({"--intent-token-lifetime", "1"});
  set_up_refunds();
  during_refund([&](const std::string& token) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    const Outcome words = as_client("shop-fleet", explain_words(), token);
    EXPECT_EQ(words.code, 3) << words.out << words.err;
    EXPECT_THAT(words.out, HasSubstr("refused now\n"));
    EXPECT_THAT(words.out, HasSubstr("token_expired  it expired "));
    EXPECT_THAT(words.out, HasSubstr("refund of workflow refunds version 1"));

    std::vector<std::string> in_json = explain_words();
    in_json.insert(in_json.end(), {"-o", "json"});
    const json::Object told = parsed(as_client("shop-fleet", in_json, token).out);
    ASSERT_EQ(told.find_array("causes")->size(), 1U);
    EXPECT_EQ(told.find_array("causes")->front().as_object().text("reason"), "token_expired");
  });
}

// --- the audit log

TEST_F(CommandsTest, AuditVerifiesTheRunningLogAndAnExportOfItByTheKeyAlone) {
  create_shop();
  const json::Object running = answer_of({"audit", "verify"});
  EXPECT_TRUE(running.find_array("faults")->empty());
  const std::string early = folder_.path("early");
  const std::string late = folder_.path("late");
  administer({"audit", "export", early});
  register_bot();
  administer({"audit", "export", late});
  expect_refused(as_administrator({"audit", "export", late, "--log-key", early + "/key"}), 1,
                 "already_exists");
  EXPECT_EQ(as_administrator({"audit", "verify", "--since", early + "/checkpoint"}).code, 0);

  // Without any authority, by the files and the key.
  authority_.reset();
  const std::vector<std::string> verify{"audit",        "verify", late,  "--log-key",
                                        early + "/key", "-o",     "json"};
  const Outcome whole = ajwt(verify);
  EXPECT_EQ(whole.code, 0) << whole.out << whole.err;
  const std::string entries = read_text(late + "/entries.jsonl");
  const auto faults = [&](const std::string& text) {
    folder_.write("late/entries.jsonl", text);
    const Outcome outcome = ajwt(verify);
    EXPECT_EQ(outcome.code, 8) << outcome.out << outcome.err;
    std::string names;
    const json::Object report = parsed(outcome.out);
    for (const json::Value& row : *report.find_array("faults")) {
      names += row.as_object().text("fault") + " " +
               std::to_string(*row.as_object().find_integer("sequence")) + ";";
    }
    return names;
  };
  const auto line_end = [&](int line) {
    std::size_t at = 0;
    for (int i = 0; i < line; ++i) at = entries.find('\n', at) + 1;
    return at;
  };
  std::string flipped = entries;
  const auto outcome_at = flipped.find("allowed", line_end(2));
  flipped.replace(outcome_at, 7, "Allowed");
  EXPECT_EQ(faults(flipped), "altered 3;");
  EXPECT_EQ(faults(std::string(entries).erase(line_end(1), line_end(2) - line_end(1))),
            "missing 2;");
  const std::string second = entries.substr(line_end(1), line_end(2) - line_end(1));
  EXPECT_EQ(faults(entries + second), "inserted 2;");
  EXPECT_EQ(faults(entries.substr(line_end(1), line_end(2) - line_end(1)) +
                   entries.substr(0, line_end(1)) + entries.substr(line_end(2))),
            "out_of_order 2;");
  folder_.write("late/entries.jsonl", entries);
  EXPECT_EQ(ajwt(verify).code, 0);
  // An older export is no later log.
  const Outcome back =
      ajwt({"audit", "verify", early, "--since", late + "/checkpoint", "--log-key", late + "/key"});
  EXPECT_EQ(back.code, 8);
  EXPECT_THAT(back.out, HasSubstr("rolled_back"));
}

TEST_F(CommandsTest, AuditShowProvesADecisionAndTailPrintsTheNewest) {
  create_shop();
  const Outcome tail = as_administrator({"audit", "tail", "--once", "--last", "3"});
  EXPECT_EQ(tail.code, 0) << tail.err;
  EXPECT_THAT(tail.out, HasSubstr("create_app"));
  const json::Object shown = answer_of({"audit", "show", "1"});
  const std::string decision = shown.find_object("entry")->text("decision_id");
  EXPECT_FALSE(shown.find_object("inclusion")->text("checkpoint").empty());
  const Outcome words = as_administrator({"audit", "show", decision});
  EXPECT_EQ(words.code, 0) << words.err;
  EXPECT_THAT(words.out, HasSubstr("proven"));
  expect_refused_in_json(as_administrator({"audit", "show", "dec_none", "-o", "json"}), 5,
                         "not_found");
  expect_refused(as_administrator({"audit", "show", "1", "--log-key", "nonsense+x"}), 2,
                 "value_malformed");
}

// A log whose key is another's is refused, not checked.
TEST_F(CommandsTest, AuditVerifyTakesNoOtherKey) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  const json::Object report = answer_of({"audit", "verify"});
  const auto name = VerifierKey::create(report.text("log"), key->public_key());
  expect_refused(as_administrator({"audit", "verify", "--log-key", name->str()}), 8,
                 "checkpoint_signature_invalid");
}

}  // namespace
}  // namespace ajwt::functional
