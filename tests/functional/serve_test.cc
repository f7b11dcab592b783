// SPDX-License-Identifier: Apache-2.0
//
// `ajwt serve` and `ajwt guard` as processes: their life, what keeps them from starting, and the
// administration of a running authority.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "tests/functional/program.h"

namespace ajwt::functional {
namespace {

class ServeTest : public ::testing::Test {
 protected:
  Call serve_call(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"serve", "--data", data_, "--listen", "127.0.0.1:0"};
    words.insert(words.end(), more.begin(), more.end());
    return {.arguments = std::move(words), .folder = folder_.path()};
  }

  // serve starts an authority; its issuer is then known.
  std::unique_ptr<Background> serve() {
    auto process = std::make_unique<Background>(serve_call());
    const std::string ready = process->wait_for("\"message\":\"ready\"");
    issuer_ = member_of(ready, "issuer");
    port_ = member_of(ready, "port");
    EXPECT_NE(issuer_, "") << process->err();
    return process;
  }

  // fail_to_serve runs an authority that is not to start.
  Outcome fail_to_serve(std::vector<std::string> more = {}) const {
    return run(serve_call(std::move(more)));
  }

  Outcome ajwt(std::vector<std::string> words, const std::string& input = {}) const {
    return run({.arguments = std::move(words), .folder = folder_.path(), .input = input});
  }
  Outcome as_administrator(std::vector<std::string> words, const std::string& input = {}) const {
    words.insert(words.end(), {"--profile", data_ + "/admin.json"});
    return ajwt(std::move(words), input);
  }

  std::string only_file_in(const std::string& folder) const {
    std::string found;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      found = entry.path().string();
    }
    return found;
  }

  ScratchFolder folder_;
  std::string data_ = folder_.path("data");
  std::string issuer_;
  std::string port_;
};

void expect_one_line(const Outcome& outcome, int code, std::string_view reason,
                     std::string_view what) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("ajwt: " + std::string(reason) + ": ")) << outcome.err;
  EXPECT_NE(outcome.err.find(what), std::string::npos) << outcome.err;
}

TEST_F(ServeTest, IsReadyThenEndsWithZeroWhenToldTo) {
  const auto process = serve();
  EXPECT_EQ(ajwt({"health", "--url", issuer_}).code, 0);
  EXPECT_EQ(process->signal(SIGTERM), 0) << process->err();
  EXPECT_EQ(ajwt({"health", "--url", issuer_}).code, 6);
}

TEST_F(ServeTest, EndsWithZeroOnCtrlC) {
  const auto process = serve();
  EXPECT_EQ(process->signal(SIGINT), 0) << process->err();
}

TEST_F(ServeTest, LeavesNoCoreFile) {
  const auto process = serve();
  rlimit limit{};
  ASSERT_EQ(prlimit(process->pid(), RLIMIT_CORE, nullptr, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, 0U);
}

TEST_F(ServeTest, TellsWhereTheFirstAdministratorsKeyIsAndKeepsItPrivate) {
  const auto process = serve();
  EXPECT_NE(process->err().find(data_ + "/admin.key.pem"), std::string::npos);
  for (const char* file : {"/admin.key.pem", "/admin.json", "/seal.key", "/ajwt.db"}) {
    const auto mode = std::filesystem::status(data_ + file).permissions();
    EXPECT_EQ(mode, std::filesystem::perms(0600)) << file;
  }
  EXPECT_EQ(as_administrator({"app", "list"}).code, 0);
}

TEST_F(ServeTest, KeepsWhatItAnsweredWhenItIsKilled) {
  auto process = serve();
  ASSERT_EQ(
      as_administrator({"app", "create", "shop", "--audience", "https://api.example.com"}).code, 0);
  process->signal(SIGKILL);
  process = serve();
  const Outcome shown = as_administrator({"app", "show", "shop", "--json"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_NE(shown.out.find("https://api.example.com"), std::string::npos) << shown.out;
}

TEST_F(ServeTest, NamesABusyPort) {
  const auto process = serve();
  const Outcome second = run(
      {.arguments = {"serve", "--data", folder_.path("other"), "--listen", "127.0.0.1:" + port_},
       .folder = folder_.path()});
  expect_one_line(second, 6, "address_in_use", "127.0.0.1:" + port_);
}

TEST_F(ServeTest, DoesNotShareItsDirectory) {
  const auto process = serve();
  expect_one_line(fail_to_serve(), 6, "store_unavailable", data_);
}

TEST_F(ServeTest, NamesADirectoryThatItCannotMake) {
  data_ = folder_.write("file", "") + "/data";
  expect_one_line(fail_to_serve(), 1, "io_failed", folder_.path("file"));
}

TEST_F(ServeTest, NamesADamagedDatabase) {
  serve()->signal(SIGTERM);
  for (const char* rest : {"-wal", "-shm"}) std::filesystem::remove(data_ + "/ajwt.db" + rest);
  folder_.write("data/ajwt.db", std::string(8192, 'x'));
  expect_one_line(fail_to_serve(), 1, "store_damaged", data_ + "/ajwt.db");
}

TEST_F(ServeTest, NamesASigningKeyThatIsMissing) {
  serve()->signal(SIGTERM);
  const std::string key = only_file_in(data_ + "/keys");
  std::filesystem::remove(key);
  expect_one_line(fail_to_serve(), 1, "io_failed", key);
}

TEST_F(ServeTest, NamesTheKeyOfThePromptsIfItIsMissing) {
  serve()->signal(SIGTERM);
  std::filesystem::remove(data_ + "/seal.key");
  expect_one_line(fail_to_serve(), 1, "io_failed", data_ + "/seal.key");
  EXPECT_FALSE(std::filesystem::exists(data_ + "/seal.key"));
}

TEST_F(ServeTest, NamesAKeyFileThatOthersCanRead) {
  serve()->signal(SIGTERM);
  const std::string key = only_file_in(data_ + "/keys");
  std::filesystem::permissions(key, std::filesystem::perms(0644));
  expect_one_line(fail_to_serve(), 3, "key_file_unsafe", key);
}

TEST_F(ServeTest, RefusesAWrongConfigurationWithTheLine) {
  const std::string file = folder_.write("ajwt.toml", "skew = 60\nlog_levle = \"info\"\n");
  expect_one_line(fail_to_serve({"--config", file}), 2, "configuration_refused",
                  file + ":2:1: unknown key 'log_levle'; did you mean 'log_level'?");
  EXPECT_FALSE(std::filesystem::exists(data_));
}

TEST_F(ServeTest, RefusesAConfigurationFileThatIsMissing) {
  expect_one_line(fail_to_serve({"--config", "nowhere.toml"}), 2, "configuration_refused",
                  "nowhere.toml");
}

TEST_F(ServeTest, RefusesToListenBeyondLoopbackInClearText) {
  const Outcome outcome = run(
      {.arguments = {"serve", "--data", data_, "--listen", "0.0.0.0:0"}, .folder = folder_.path()});
  expect_one_line(outcome, 2, "configuration_refused", "tls-proxy");
}

TEST_F(ServeTest, GivesATokenThatItsPublishedKeysVerify) {
  const auto process = serve();
  const Outcome got =
      as_administrator({"token", "get", "--scope", "admin:apps", "--show-token", "--json"});
  ASSERT_EQ(got.code, 0) << got.err;
  const std::string token = member_of(got.out, "access_token");
  const Outcome good =
      ajwt({"token", "verify", "-", "--issuer", issuer_, "--audience", issuer_}, token + "\n");
  EXPECT_EQ(good.code, 0) << good.err;
  const Outcome bad =
      ajwt({"token", "verify", "-", "--issuer", issuer_, "--audience", "https://other.example"},
           token + "\n");
  expect_one_line(bad, 3, "audience_mismatch", "audience");
}

TEST_F(ServeTest, ShowsATokenOnlyWhenAsked) {
  const auto process = serve();
  const Outcome got = as_administrator({"token", "get", "--scope", "admin:apps", "--json"});
  ASSERT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.out.find("eyJ"), std::string::npos) << got.out;
  EXPECT_EQ(process->err().find("eyJ"), std::string::npos) << "a token in the log";
}

constexpr std::string_view kAgent =
    R"({"agent_id":"refund-bot","prompt_template":"Refund.","tools":[],"configuration":{}})";
constexpr std::string_view kWorkflow =
    R"({"workflow_id":"refunds","steps":{"refund":{"agent_id":"refund-bot","action":"refund",
        "scopes":["refunds:write"],"audience":"https://api.example.com"}}})";

TEST_F(ServeTest, IsAdministeredFromTheCommandLine) {
  const auto process = serve();
  const auto expect_ok = [](const Outcome& outcome) {
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  };
  expect_ok(as_administrator({"app", "create", "shop", "--audience", "https://api.example.com"}));
  expect_ok(as_administrator({"app", "client", "add", "shop", "shop-fleet", "--scope",
                              "generate:intent-token", "--key-file", "fleet.pem"}));
  expect_ok(as_administrator(
      {"agent", "register", "-f", "-", "--app", "shop", "--agent-key", "bot.pem", "--new-key"},
      std::string(kAgent)));
  const std::string workflow = folder_.write("workflow.json", kWorkflow);
  expect_ok(as_administrator({"workflow", "register", workflow, "--app", "shop"}));
  EXPECT_NE(expect_ok(as_administrator({"workflow", "show", "shop", "refunds"})).find("refund-bot"),
            std::string::npos);
  EXPECT_NE(expect_ok(as_administrator({"agent", "list", "shop"})).find("refund-bot"),
            std::string::npos);

  const std::vector<std::string> fleet{"--authority", issuer_, "--client-id",
                                       "shop-fleet",  "--key", "fleet.pem"};
  const auto as_fleet = [&](std::vector<std::string> words) {
    words.insert(words.end(), fleet.begin(), fleet.end());
    return ajwt(std::move(words));
  };
  const std::string opened = expect_ok(as_fleet({"execution", "open", "refunds", "--json"}));
  const std::string execution = member_of(opened, "execution_id");
  EXPECT_NE(expect_ok(as_fleet({"execution", "list"})).find(execution), std::string::npos);
  EXPECT_NE(expect_ok(as_fleet({"execution", "close", execution})).find("closed"),
            std::string::npos);
  EXPECT_EQ(as_fleet({"app", "list"}).code, 3) << "a fleet administers nothing";

  const std::string grant = folder_.write("grant.json", "[]");
  expect_ok(as_administrator({"agent", "grant", "shop", "refund-bot", "-f", grant}));
  expect_ok(as_administrator({"agent", "revoke", "shop", "refund-bot"}));
  EXPECT_NE(expect_ok(as_administrator({"agent", "show", "shop", "refund-bot"})).find("revoked"),
            std::string::npos);
  EXPECT_EQ(as_administrator({"agent", "show", "shop", "nobody"}).code, 5);
  expect_ok(as_administrator({"app", "client", "disable", "shop-fleet"}));
  EXPECT_EQ(as_fleet({"execution", "list"}).code, 3) << "a disabled client";
  expect_ok(as_administrator({"key", "rotate"}));
  EXPECT_NE(expect_ok(as_administrator({"key", "list"})).find("announced"), std::string::npos);
  EXPECT_EQ(as_administrator({"key", "rotate"}).code, 1) << "one at a time";
  const std::string keys = expect_ok(as_administrator({"key", "rotate", "--now"}));
  EXPECT_NE(keys.find("retiring"), std::string::npos);
  EXPECT_EQ(keys.find("announced"), std::string::npos);
  const std::string kid = member_of(expect_ok(as_administrator({"key", "list", "--json"})), "kid");
  EXPECT_EQ(expect_ok(as_administrator({"key", "revoke", "--kid=" + kid})).find(kid),
            std::string::npos);
  EXPECT_EQ(as_administrator({"key", "revoke", "--kid=" + kid}).code, 5);
  EXPECT_NE(expect_ok(as_administrator({"audit", "list", "--app", "shop"})).find("revoke_agent"),
            std::string::npos);
}

TEST_F(ServeTest, ShowsWordByWordHowAnAgentDiffersFromTheRegisteredOne) {
  const auto process = serve();
  ASSERT_EQ(as_administrator({"app", "create", "shop"}).code, 0);
  ASSERT_EQ(as_administrator({"app", "client", "add", "shop", "shop-ci", "--scope",
                              "register:intent", "--key-file", "ci.pem"})
                .code,
            0);
  const auto as_registrar = [&](std::vector<std::string> words, std::string input) {
    const std::vector<std::string> flags{"--authority", issuer_, "--client-id",
                                         "shop-ci",     "--key", "ci.pem"};
    words.insert(words.end(), flags.begin(), flags.end());
    return ajwt(std::move(words), std::move(input));
  };
  const auto agent = [](std::string_view prompt, std::string_view amount) {
    return R"({"agent_id":"refund-bot","prompt_template":")" + std::string(prompt) +
           R"(","tools":[{"name":"refund","description":"Refunds.","parameters":{"maximum":)" +
           std::string(amount) + R"(}}],"model":{"id":"small-1"}})";
  };
  const std::string registered = agent("You refund.\\nNever more than was paid.", "100");
  const Outcome added = as_registrar(
      {"agent", "register", "-", "--app", "shop", "--agent-key", "bot.pem", "--new-key"},
      registered);
  ASSERT_EQ(added.code, 0) << added.err;
  EXPECT_NE(added.out.find("strict-sha256:"), std::string::npos);

  const Outcome same = as_registrar({"agent", "diff", "-", "--app", "shop"}, registered);
  EXPECT_EQ(same.code, 0) << same.out << same.err;
  EXPECT_NE(same.out.find("none"), std::string::npos) << same.out;

  const std::string drifted = agent("You refund.\\nAlways more than was paid.", "10000");
  const Outcome shown = as_registrar({"agent", "diff", "-", "--app", "shop"}, drifted);
  EXPECT_EQ(shown.code, 4) << shown.err;
  EXPECT_NE(shown.out.find("prompt_template  changed"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("[-Never-]{+Always+} more than was paid."), std::string::npos)
      << shown.out;
  EXPECT_NE(shown.out.find("tools.refund  changed"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("[-100-]{+10000+}"), std::string::npos) << shown.out;
  EXPECT_EQ(shown.out.find("model  "), std::string::npos) << "what is the same is left out";

  const Outcome json = as_registrar({"agent", "diff", "-", "--app", "shop", "--json"}, drifted);
  EXPECT_EQ(json.code, 4) << json.err;
  EXPECT_NE(json.out.find("\"drift\": true"), std::string::npos) << json.out;
  EXPECT_NE(json.out.find("\"op\": \"removed\""), std::string::npos) << json.out;

  // Registered by hashes alone: which parts differ, and not how.
  ASSERT_EQ(as_registrar({"agent", "register", "-", "--app", "shop", "--agent-key", "bot.pem",
                          "--hashes-only"},
                         agent("You refund.", "7"))
                .code,
            0);
  const Outcome hidden = as_registrar({"agent", "diff", "-", "--app", "shop"}, drifted);
  EXPECT_EQ(hidden.code, 4) << hidden.err;
  EXPECT_NE(hidden.out.find("prompt_template  changed"), std::string::npos) << hidden.out;
  EXPECT_NE(hidden.out.find("tools.refund  changed"), std::string::npos) << hidden.out;
  EXPECT_EQ(hidden.out.find("more than was paid"), std::string::npos) << hidden.out;
  EXPECT_EQ(as_registrar({"agent", "diff", "-", "--app", "shop"}, agent("You refund.", "7")).code,
            0);

  const Outcome administrator = as_administrator({"agent", "diff", "-", "--app", "shop"}, drifted);
  EXPECT_EQ(administrator.code, 4) << administrator.err;
  EXPECT_EQ(administrator.out.find("Never"), std::string::npos) << "not theirs to read";
  EXPECT_NE(administrator.err.find("not known"), std::string::npos) << administrator.err;
  EXPECT_EQ(process->err().find("Always"), std::string::npos) << "a prompt in the log";
}

TEST_F(ServeTest, ShowsAClientsSecretOnce) {
  const auto process = serve();
  ASSERT_EQ(as_administrator({"app", "create", "shop"}).code, 0);
  const Outcome added = as_administrator({"app", "client", "add", "shop", "shop-ci", "--scope",
                                          "register:intent", "--secret", "--json"});
  ASSERT_EQ(added.code, 0) << added.err;
  const std::string secret = member_of(added.out, "client_secret");
  EXPECT_EQ(secret.size(), 43U);
  const Outcome listed = as_administrator({"app", "client", "list", "shop", "--json"});
  EXPECT_EQ(listed.out.find(secret), std::string::npos);
  const Outcome rotated = as_administrator({"app", "client", "rotate-secret", "shop-ci", "--json"});
  EXPECT_NE(member_of(rotated.out, "client_secret"), secret);
}

TEST_F(ServeTest, StaysUpThroughRefusals) {
  const auto process = serve();
  const std::string key = folder_.path("stranger.pem");
  ASSERT_EQ(as_administrator({"app", "create", "shop"}).code, 0);
  ASSERT_EQ(as_administrator({"app", "client", "add", "shop", "shop-fleet", "--scope",
                              "generate:intent-token", "--key-file", key})
                .code,
            0);
  const Outcome stranger =
      ajwt({"app", "list", "--authority", issuer_, "--client-id", "ajwt-admin", "--key", key});
  expect_one_line(stranger, 3, "client_unauthenticated", "");
  EXPECT_EQ(as_administrator({"app", "create", "shop"}).code, 1) << "it exists already";
  EXPECT_EQ(ajwt({"health", "--url", issuer_}).code, 0);
}

TEST_F(ServeTest, HasAGuardThatBecomesReadyWithItsKeys) {
  const auto authority = serve();
  const std::string file = folder_.write(
      "guard.toml", "issuer = \"" + issuer_ +
                        "\"\npublic_url = \"http://127.0.0.1:1\"\nlisten = \"127.0.0.1:0\"\n"
                        "upstream = \"http://127.0.0.1:1\"\n[[route]]\nmethod = \"GET\"\n"
                        "path = \"/orders\"\napp = \"shop\"\nscope = \"orders:read\"\n"
                        "workflow = \"refunds\"\nstep = \"refund\"\ntool = \"refund\"\n");
  const Outcome checked = ajwt({"config", "check", file});
  EXPECT_EQ(checked.code, 0) << checked.err;
  Background guard({.arguments = {"guard", "--config", file}, .folder = folder_.path()});
  const std::string ready = guard.wait_for("\"message\":\"ready\"");
  const std::string url = "http://127.0.0.1:" + member_of(ready, "port");
  int code = 6;
  for (int attempt = 0; attempt < 100 && code != 0; ++attempt) {
    code = ajwt({"health", "--url", issuer_, "--guard", url}).code;
  }
  EXPECT_EQ(code, 0) << guard.err();
  EXPECT_EQ(guard.signal(SIGTERM), 0) << guard.err();
}

TEST_F(ServeTest, TellsTheLineOfAWrongGuardFile) {
  const std::string file = folder_.write("guard.toml", "isuer = \"http://127.0.0.1:1\"\n");
  expect_one_line(ajwt({"guard", "--config", file}), 2, "configuration_refused",
                  file + ":1:1: unknown key 'isuer'; did you mean 'issuer'?");
}

}  // namespace
}  // namespace ajwt::functional
