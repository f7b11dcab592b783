// SPDX-License-Identifier: Apache-2.0
//
// A real nginx before the sample API, with `ajwt guard` in the form auth_request as its judge: the
// configuration is docs/how-to/nginx.conf itself. The fleet does its job through it, every attack
// of the lab is refused for the reason for which the reverse proxy refuses it, and nothing that
// nginx reads in its own way gets past the judge.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "apps/ajwt/demo/agents.h"
#include "apps/ajwt/demo/attack_report.h"
#include "apps/ajwt/demo/dev_info.h"
#include "apps/ajwt/demo/sample_api.h"
#include "apps/ajwt/demo/samples.h"
#include "base/clock.h"
#include "config/toml.h"
#include "crypto/random.h"
#include "gateway/guard_server.h"
#include "http/client.h"
#include "http/server.h"
#include "json/parse.h"
#include "json/write.h"
#include "lab/scene.h"
#include "tests/functional/program.h"

namespace ajwt::functional {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kNginx = "/usr/sbin/nginx";
constexpr std::string_view kLoopback = "127.0.0.1";

std::string url_of(std::uint16_t port) {
  return "http://" + std::string(kLoopback) + ":" + std::to_string(port);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// free_port returns a port that was free a moment ago: nginx cannot say which one it took.
std::uint16_t free_port() {
  const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  const bool bound = bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(socket_);
  EXPECT_TRUE(bound);
  return ntohs(address.sin_port);
}

// exchange sends bytes as they are, which no client would, and returns what comes back.
std::string exchange(std::uint16_t port, std::string_view bytes) {
  const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  std::string received;
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size())) {
    std::array<char, 4096> buffer{};
    for (ssize_t size = 1; size > 0;) {
      size = recv(socket_, buffer.data(), buffer.size(), 0);
      if (size > 0) received.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  close(socket_);
  return received;
}

// Reply is an answer, read as far as these tests need it.
struct Reply {
  int status = 0;
  HttpHeaders headers;
  std::string body;

  std::string reason() const { return member_of(body, "reason"); }
};

Reply read_reply(const std::string& text) {
  Reply reply;
  const auto head_end = text.find("\r\n\r\n");
  if (text.size() < 12 || head_end == std::string::npos) return reply;
  reply.status = std::stoi(text.substr(9, 3));
  reply.body = text.substr(head_end + 4);
  std::size_t at = text.find("\r\n") + 2;
  while (at < head_end) {
    const auto end = text.find("\r\n", at);
    const std::string line = text.substr(at, end - at);
    const auto colon = line.find(':');
    reply.headers.add(line.substr(0, colon), line.substr(line.find_first_not_of(' ', colon + 1)));
    at = end + 2;
  }
  return reply;
}

// replaced puts one text in the place of another, which must be there exactly once.
void replace_once(std::string& text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  ASSERT_EQ(text.find(from, at + 1), std::string::npos) << from;
  text.replace(at, from.size(), to);
}

// toml_of writes the demo's routes as a guard's file has them, with a level of proof that nginx's
// judge can hold.
std::string toml_of(const json::Object& policy) {
  std::string text;
  for (const json::Value& row : policy.find("route")->as_array()) {
    text += "\n[[route]]\nproof = \"head\"\n";
    for (const auto& member : row.as_object().members()) {
      text += member.name + " = " + json::write(member.value) + "\n";
    }
  }
  return text;
}

// Nginx is one that runs. It is told to end, never killed: its worker would outlive it.
class Nginx {
 public:
  explicit Nginx(const Call& call) : process_(call) {
    is_up_ = !process_.wait_for("start worker process ").empty();
  }
  ~Nginx() {
    const int code = process_.signal(SIGTERM);
    EXPECT_TRUE(code == 0 || !is_up_) << process_.err();
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  bool is_up() const { return is_up_; }
  std::string err() { return process_.err(); }

 private:
  Background process_;
  bool is_up_ = false;
};

struct FrontOptions {
  std::string issuer;
  std::uint16_t api_port;
  std::string secret;  // by which the API knows nginx
};

// Front is an nginx and the guard that it asks.
class Front {
 public:
  explicit Front(FrontOptions options) : options_(std::move(options)) {
    // Another process may take the port between the two looks at it.
    for (int tries = 0; tries < 5 && port_ == 0; ++tries) start(free_port());
  }
  ~Front() { stop(); }
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return url_of(port_); }
  std::string guard_log() { return guard_->err(); }
  void stop_guard() {
    EXPECT_EQ(guard_->signal(SIGTERM), 0) << guard_->err();
    guard_is_running_ = false;
  }

  // guard_settings is the guard's file for an nginx at this port.
  std::string guard_settings(std::uint16_t nginx_port) const {
    return "form = \"auth_request\"\nissuer = \"" + options_.issuer + "\"\naudience = \"" +
           std::string(demo::kAudience) + "\"\npublic_url = \"" + url_of(nginx_port) +
           "\"\nlisten = \"127.0.0.1:0\"\n" + toml_of(demo::demo_policy());
  }

  // start_nginx makes another nginx, which asks a guard at `guard_port`, on `port`.
  std::unique_ptr<Nginx> start_nginx(std::uint16_t port, std::uint16_t guard_port) {
    const ScratchFolder& folder = *folders_.emplace_back(std::make_unique<ScratchFolder>());
    std::string site = read_text(AJWT_SOURCE_DIR "/docs/how-to/nginx.conf");
    const std::string own = std::string(kLoopback) + ":";
    replace_once(site, "server 127.0.0.1:8711;",
                 "server " + own + std::to_string(guard_port) + ";");
    replace_once(site, "server 127.0.0.1:3000;",
                 "server " + own + std::to_string(options_.api_port) + ";");
    replace_once(site, "listen 443 ssl;", "listen " + own + std::to_string(port) + ";");
    replace_once(site, "ssl_certificate /etc/nginx/api.cert.pem;", "");
    replace_once(site, "ssl_certificate_key /etc/nginx/api.key.pem;", "");
    replace_once(site, "# proxy_set_header X-Guard-Secret \"...\";",
                 "proxy_set_header X-Guard-Secret \"" + options_.secret + "\";");
    folder.write("site.conf", site);
    std::string main = geteuid() == 0 ? "user root;\n" : "";
    main +=
        "daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr notice;\n"
        "events { worker_connections 256; }\nhttp {\naccess_log off;\n";
    for (const char* temporary : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      main += std::string(temporary) + "_temp_path " + temporary + ";\n";
    }
    const std::string conf = folder.write("nginx.conf", main + "include site.conf;\n}\n");
    return std::make_unique<Nginx>(
        Call{.arguments = {"-p", folder.path(), "-c", conf, "-e", "stderr"},
             .folder = folder.path(),
             .program = kNginx});
  }

 private:
  void start(std::uint16_t port) {
    const ScratchFolder& folder = *folders_.emplace_back(std::make_unique<ScratchFolder>());
    const std::string settings = folder.write("guard.toml", guard_settings(port));
    guard_ = std::make_unique<Background>(
        Call{.arguments = {"guard", "--config", settings, "--log-level", "debug"},
             .folder = folder.path()});
    const std::string ready = guard_->wait_for("\"ready\"");
    ASSERT_FALSE(ready.empty()) << guard_->err();
    guard_is_running_ = true;
    EXPECT_EQ(member_of(ready, "form"), "auth_request");
    nginx_ = start_nginx(port, static_cast<std::uint16_t>(std::stoi(member_of(ready, "port"))));
    if (nginx_->is_up()) {
      port_ = port;
      return;
    }
    EXPECT_THAT(nginx_->err(), HasSubstr("Address already in use"));
    stop_guard();
  }

  void stop() {
    nginx_.reset();
    if (guard_is_running_) stop_guard();
  }

  const FrontOptions options_;
  std::vector<std::unique_ptr<ScratchFolder>> folders_;
  std::unique_ptr<Background> guard_;
  std::unique_ptr<Nginx> nginx_;
  bool guard_is_running_ = false;
  std::uint16_t port_ = 0;
};

class NginxTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(access(kNginx, X_OK), 0) << "nginx is missing: tools/install-deps test";
    folder_ = std::make_unique<ScratchFolder>();
    dev_ = std::make_unique<Background>(
        Call{.arguments = {"dev", "--data", folder_->path("dev"), "--port-base", "0"},
             .folder = folder_->path()});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline &&
           !std::filesystem::exists(folder_->path("dev/dev.json"))) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const auto info = demo::load_dev_info(folder_->path("dev"));
    ASSERT_TRUE(info) << dev_->err();
    info_ = *info;
    start_api();
    front_ = std::make_unique<Front>(front_options(info_.issuer));
    ASSERT_NE(front_->port(), 0);
    write_info();
  }
  static void TearDownTestSuite() {
    front_.reset();
    if (server_) server_->stop();
    if (dev_) {
      EXPECT_EQ(dev_->signal(SIGTERM), 0) << dev_->err();
    }
    dev_.reset();
    folder_.reset();
  }

  void SetUp() override {
    ASSERT_NE(front_, nullptr);
    received();  // what came before is not this test's
  }

  static FrontOptions front_options(std::string issuer) {
    return {.issuer = std::move(issuer), .api_port = server_->port(), .secret = kSecret};
  }

  // start_api starts the sample API; it writes down what reaches it and tries to speak in the
  // guard's voice.
  static void start_api() {
    info_.control = crypto::random_token(32);
    api_ = *demo::SampleApi::create(folder_->path("scratch"),
                                    {.control = info_.control, .guard = kSecret});
    ASSERT_TRUE(api_->load("package.json", std::string(demo::sample_package_json()),
                           demo::sample_advisories_json()));
    http::ServerOptions options;
    options.max_body_bytes = 1024 * 1024;
    auto server = http::Server::start(options, [](const HttpRequest& request) {
      {
        const std::lock_guard lock(mutex_);
        received_.push_back(request);
      }
      HttpResponse response = api_->handle(request);
      response.headers.add("DPoP-Nonce", "of the service");
      response.headers.add("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\"");
      response.headers.add("X-Ajwt-Decision-Id", "of the service");
      return response;
    });
    ASSERT_TRUE(server);
    server_ = *std::move(server);
    info_.api_url = url_of(server_->port());
  }

  // write_info makes the system behind nginx one that `ajwt demo` finds.
  static void write_info() {
    info_.guard_url = front_->url();
    front_folder_ = folder_->path("front");
    std::filesystem::create_directory(front_folder_);
    folder_->write("front/dev.json", json::write(json::Value(demo::to_json(info_))));
    std::filesystem::permissions(folder_->path("front/dev.json"), std::filesystem::perms(0600));
  }

  static json::Object demo(std::vector<std::string> words) {
    words.insert(words.begin(), "demo");
    words.insert(words.end(), {"--dev", front_folder_, "-o", "json"});
    const Outcome outcome = run({.arguments = std::move(words), .folder = folder_->path()});
    EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out << front_->guard_log();
    const auto answer = json::parse_object(outcome.out);
    EXPECT_TRUE(answer) << outcome.out;
    return answer.value_or(json::Object());
  }

  // received returns what reached the API since it was last asked.
  static std::vector<HttpRequest> received() {
    const std::lock_guard lock(mutex_);
    return std::exchange(received_, {});
  }

  lab::Scene& scene() {
    if (!scene_) scene_.emplace(*demo::load_target(info_), http_, clock_);
    return *scene_;
  }

  // honest returns a call of a step that the guard has not seen yet.
  lab::CallParts honest(std::string_view step, std::string path = {}) {
    if (token_.empty() || step != token_step_) {
      const auto execution = scene().open_execution();
      EXPECT_TRUE(execution);
      const auto token = scene().take(step, *execution);
      EXPECT_TRUE(token) << token.error().describe();
      token_ = token.value_or("");
      token_step_ = step;
      received();
    }
    lab::CallParts parts = scene().call_parts(step, token_);
    if (!path.empty()) parts.path = std::move(path);
    seal(parts);
    return parts;
  }
  void seal(lab::CallParts& parts) {
    const auto proof = scene().prove(scene().agent_key(scene().step(token_step_).agent_id), parts);
    EXPECT_TRUE(proof);
    parts.proof = proof.value_or("");
  }

  // send writes a call to the wire, with `fields` (whole lines) after its own.
  static Reply send(const lab::CallParts& parts, const std::string& fields = {},
                    std::uint16_t port = 0) {
    std::string text = parts.method + " " + parts.path + " HTTP/1.1\r\nHost: api.example.com\r\n";
    text += "Connection: close\r\n";
    if (!parts.token.empty()) text += "Authorization: DPoP " + parts.token + "\r\n";
    if (parts.proof) text += "DPoP: " + *parts.proof + "\r\n";
    if (!parts.body.empty()) {
      text +=
          "Content-Type: application/json\r\nContent-Length: " + std::to_string(parts.body.size()) +
          "\r\n";
    }
    return read_reply(
        exchange(port == 0 ? front_->port() : port, text + fields + "\r\n" + parts.body));
  }

  static constexpr const char* kSecret = "of-nginx-0123456789abcdef";
  static std::unique_ptr<ScratchFolder> folder_;
  static std::unique_ptr<Background> dev_;
  static std::unique_ptr<Front> front_;
  static std::string front_folder_;
  static demo::DevInfo info_;
  static std::unique_ptr<demo::SampleApi> api_;
  static std::unique_ptr<http::Server> server_;
  static std::mutex mutex_;
  static std::vector<HttpRequest> received_;

  http::CurlClient http_;
  SystemClock clock_;
  std::optional<lab::Scene> scene_;
  std::string token_;
  std::string token_step_;
};

std::unique_ptr<ScratchFolder> NginxTest::folder_;
std::unique_ptr<Background> NginxTest::dev_;
std::unique_ptr<Front> NginxTest::front_;
std::string NginxTest::front_folder_;
demo::DevInfo NginxTest::info_;
std::unique_ptr<demo::SampleApi> NginxTest::api_;
std::unique_ptr<http::Server> NginxTest::server_;
std::mutex NginxTest::mutex_;
std::vector<HttpRequest> NginxTest::received_;

// --- The job and the attacks.

TEST_F(NginxTest, LetsTheFleetDoItsJob) {
  const json::Object result = demo({"run"});
  ASSERT_TRUE(result.contains("steps"));
  EXPECT_EQ(result.find("changed")->as_integer(), 4);
  EXPECT_THAT(result.find("diff")->as_string(), HasSubstr("+    \"lodash\": \"^4.17.21\""));
  const auto& steps = result.find("steps")->as_array();
  ASSERT_EQ(steps.size(), 5U);
  // As the API was told by nginx, from the guard's verdict.
  EXPECT_EQ(json::write(*steps.back().as_object().find("chain")),
            R"(["classifier","planner","patcher","supervisor"])");
}

TEST_F(NginxTest, StopsEveryAttackForTheReasonForWhichTheProxyDoes) {
  const json::Object result = demo({"attack", "--all"});
  ASSERT_TRUE(result.contains("attacks"));
  EXPECT_EQ(result.find("attacks")->as_array().size(), 11U);
  std::size_t by_guard = 0;
  for (const json::Value& attack : result.find("attacks")->as_array()) {
    const json::Value* attempts = attack.as_object().find("attempts");
    ASSERT_NE(attempts, nullptr) << json::write(attack);
    for (const json::Value& item : attempts->as_array()) {
      const json::Object& attempt = item.as_object();
      EXPECT_EQ(attempt.find("got")->as_string(), attempt.find("expected")->as_string())
          << json::write(attack);
      if (attempt.find("refused_by")->as_string() == "guard") ++by_guard;
    }
  }
  EXPECT_GE(by_guard, 9U);
  EXPECT_EQ(result.find("got_through")->as_integer(), 0);
  EXPECT_EQ(result.find("failed")->as_integer(), 0);
}

// --- What the service gets.

TEST_F(NginxTest, TellsTheServiceWhatWasVerifiedAndKeepsTheCredentialsFromIt) {
  const Reply reply = send(honest("read_manifest"));
  ASSERT_EQ(reply.status, 200) << reply.body;

  const auto requests = received();
  ASSERT_EQ(requests.size(), 1U);
  const HttpHeaders& headers = requests.front().headers;
  EXPECT_EQ(headers.find("X-Agent-Subject"), "agent:patch-fleet:supervisor");
  EXPECT_EQ(headers.find("X-Agent-Id"), "supervisor");
  EXPECT_EQ(headers.find("X-Agent-App"), "patch-fleet");
  EXPECT_EQ(headers.find("X-Agent-Workflow"), "dependency-patching");
  EXPECT_EQ(headers.find("X-Agent-Step"), "read_manifest");
  EXPECT_EQ(headers.find("X-Agent-Tool"), "read_manifest");
  EXPECT_EQ(headers.find("X-Agent-Scope"), "manifest:read");
  for (const char* field : {"X-Agent-Registration", "X-Agent-Workflow-Version", "X-Agent-Execution",
                            "X-Agent-Key", "X-Agent-Token-Id"}) {
    EXPECT_TRUE(headers.find(field).has_value()) << field;
  }
  EXPECT_EQ(headers.find("X-Agent-Body"), "unbound");
  const auto decision = headers.find("X-Ajwt-Decision-Id");
  ASSERT_TRUE(decision.has_value());
  EXPECT_THAT(front_->guard_log(), HasSubstr(std::string(*decision)));
  EXPECT_EQ(headers.find("X-Forwarded-Host"), "api.example.com");
  EXPECT_EQ(headers.find("X-Forwarded-Proto"), "http");
  for (const char* field : {"Authorization", "DPoP", "X-Original-Method", "X-Original-URI",
                            "X-Ajwt-Status", "X-Ajwt-Refusal"}) {
    EXPECT_FALSE(headers.find(field).has_value()) << field;
  }
}

// Each field of the identity headers has its line in nginx.conf, or a client could send it.
TEST_F(NginxTest, HandsOnEveryFieldThatTheGuardGives) {
  const std::string site = read_text(AJWT_SOURCE_DIR "/docs/how-to/nginx.conf");
  for (const char* field :
       {"Subject", "App", "Id", "Registration", "Scope", "Workflow", "Workflow-Version", "Step",
        "Execution", "Tool", "Delegators", "Initiated-By", "Key", "Token-Id", "Body", "Profile"}) {
    std::string variable = "$agent_";
    for (const char* c = field; *c != '\0'; ++c) {
      variable += *c == '-' ? '_' : static_cast<char>(std::tolower(*c));
    }
    EXPECT_THAT(site,
                HasSubstr("proxy_set_header X-Agent-" + std::string(field) + " " + variable + ";"));
  }
  // A step late in the workflow has them all.
  ASSERT_EQ(send(honest("propose_patch")).status, 200);
  const auto requests = received();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.front().headers.find("X-Agent-Delegators"),
            "agent:patch-fleet:classifier,agent:patch-fleet:supervisor");
}

TEST_F(NginxTest, LetsNoClientSayWhoItIs) {
  for (const char* field :
       {"X-Agent-Id: patcher", "X-Agent-Subject: agent:patch-fleet:patcher", "x-agent-ADMIN: yes",
        "X-Agent-Scope: manifest:write", "X-Ajwt-Decision-Id: dec_1", "X-Ajwt-Status: 200",
        "X-Original-Host: elsewhere", "X-Original-URL: /proposals", "X-Rewrite-URL: /proposals",
        "X-HTTP-Method-Override: POST", "X-Method-Override: POST"}) {
    const Reply reply = send(honest("read_manifest"), std::string(field) + "\r\n");
    EXPECT_EQ(reply.status, 400) << field;
    EXPECT_EQ(reply.reason(), "header_field_refused") << field;
  }
  EXPECT_THAT(received(), IsEmpty());
}

// nginx drops names with '_' or '.', which a service may read as ones with '-'.
TEST_F(NginxTest, PassesNoOtherSpellingOfAnIdentity) {
  const Reply reply = send(honest("read_manifest"),
                           "X_Agent_Id: patcher\r\nX.Agent.Id: patcher\r\nX_Original_URI: /x\r\n");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const auto requests = received();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_THAT(requests.front().headers.all("X-Agent-Id"), ElementsAre("supervisor"));
  for (const auto& [name, value] : requests.front().headers.fields()) {
    EXPECT_THAT(name, Not(HasSubstr("_")));
    EXPECT_THAT(value, Not(HasSubstr("patcher"))) << name;
  }
}

TEST_F(NginxTest, BelievesItsOwnWordAboutTheRequestAndNotTheClients) {
  // The right of a reader, and another method and path in the client's words: both ways.
  lab::CallParts reading = honest("read_manifest");
  EXPECT_EQ(send(reading, "X-Original-URI: /proposals\r\nX-Original-Method: POST\r\n").status, 200);
  const auto requests = received();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.front().path, "/manifest");
  for (const char* field : {"X-Original-URI", "X-Original-Method"}) {
    EXPECT_FALSE(requests.front().headers.find(field).has_value()) << field;
  }
  lab::CallParts writing = honest("read_manifest");
  writing.method = "POST";
  writing.path = "/proposals";
  const Reply reply = send(writing, "X-Original-URI: /manifest\r\nX-Original-Method: GET\r\n");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.reason(), "proof_method_mismatch");
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(NginxTest, RefusesACredentialThatIsThereTwice) {
  lab::CallParts parts = honest("read_manifest");
  Reply reply = send(parts, "DPoP: " + *parts.proof + "\r\n");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.reason(), "proof_duplicated");
  lab::CallParts other = honest("read_manifest");
  reply = send(parts, "dpop: " + *other.proof + "\r\n");
  EXPECT_EQ(reply.reason(), "proof_duplicated");
  // By nginx itself, or by the guard: whoever reads one alone might not read the one that is
  // judged.
  reply = send(parts, "Authorization: DPoP " + parts.token + "\r\n");
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(received(), IsEmpty());
  // The proof is unused still.
  EXPECT_EQ(send(parts).status, 200);
}

// nginx judges locations by a path that it normalises, asks by the raw one, and forwards the raw
// one. What the two could differ about is refused.
TEST_F(NginxTest, RefusesAPathThatItReadsOtherwiseThanTheGuard) {
  const auto status_of = [&](std::string path) {
    lab::CallParts parts = honest("read_manifest");
    parts.path = std::move(path);
    return send(parts).status;
  };
  for (const char* path :
       {"//manifest", "/./manifest", "/x/../manifest", "/%6danifest", "/manifest%2f",
        "/x/..%2fmanifest", "/x/%2e%2e/manifest", "/manifest;x/..;/manifest", "/manifest//",
        "/%c0%ae/manifest", "/manifest%00", "/manifest\\", "/-//../manifest"}) {
    EXPECT_EQ(status_of(path), 400) << path;
  }
  for (const char* path :
       {"/manifest/", "/MANIFEST", "/manifest;x", "/_ajwt", "/-/auth", "/-/metrics"}) {
    EXPECT_EQ(status_of(path), 404) << path;
  }
  // In absolute form, and with a fragment.
  lab::CallParts absolute = honest("read_manifest");
  absolute.path = "http://elsewhere.example/proposals";
  EXPECT_NE(send(absolute).status, 200);
  lab::CallParts fragment = honest("read_manifest");
  fragment.path = "/manifest#/proposals";
  EXPECT_NE(send(fragment).status, 200);
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(NginxTest, ForwardsTheTargetThatWasJudgedByteForByte) {
  ASSERT_EQ(send(honest("read_manifest", "/manifest?a=%61&b=c+d&&e=/../f")).status, 200);
  auto requests = received();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.front().path, "/manifest");
  EXPECT_EQ(requests.front().query, "a=%61&b=c+d&&e=/../f");

  // There is no such proposal, which is for the API to say. (nginx would write a ':'.)
  EXPECT_EQ(send(honest("apply_patch", "/proposals/caf%C3%A9%3Aa/apply")).status, 404);
  requests = received();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.front().path, "/proposals/caf%C3%A9%3Aa/apply");
}

TEST_F(NginxTest, JudgesTheQuery) {
  lab::CallParts parts = honest("read_manifest", "/manifest?page=1");
  parts.path = "/manifest?page=2";
  EXPECT_EQ(send(parts).reason(), "proof_query_mismatch");
  parts.path = "/manifest";
  EXPECT_EQ(send(parts).reason(), "proof_query_mismatch");
  EXPECT_THAT(received(), IsEmpty());
}

// What this form cannot do, and says: the body is whatever came, and "unbound".
TEST_F(NginxTest, SaysThatABodyIsUnbound) {
  lab::CallParts parts = honest("propose_patch");
  parts.body = R"({"changes":[ ]})";
  EXPECT_EQ(send(parts).status, 200);
  const auto requests = received();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.front().body, parts.body);
  EXPECT_EQ(requests.front().headers.find("X-Agent-Body"), "unbound");
  EXPECT_THAT(front_->guard_log(), HasSubstr("\"body\":\"unbound\""));
}

// --- What the client gets.

TEST_F(NginxTest, HandsOnChallengesNoncesAndReasons) {
  lab::CallParts parts = honest("read_manifest");
  parts.token.clear();
  Reply reply = send(parts);
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.reason(), "token_missing");
  EXPECT_THAT(member_of(reply.body, "decision_id"), ::testing::StartsWith("dec_"));
  EXPECT_EQ(reply.headers.find("Content-Type"), "application/json");
  ASSERT_EQ(reply.headers.all("WWW-Authenticate").size(), 1U);
  EXPECT_THAT(std::string(*reply.headers.find("WWW-Authenticate")),
              HasSubstr("resource_metadata=\"" + front_->url() +
                        "/.well-known/oauth-protected-resource\""));
  EXPECT_EQ(reply.headers.all("DPoP-Nonce").size(), 1U);
  EXPECT_THAT(reply.headers.all("Cache-Control"), Each("no-store"));

  reply = send(honest("read_manifest", "/advisories/query"));
  EXPECT_EQ(reply.reason(), "route_unknown");
  EXPECT_EQ(reply.status, 404);

  lab::CallParts misused = honest("read_manifest", "/proposals");
  misused.method = "POST";
  seal(misused);
  reply = send(misused);
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.reason(), "scope_insufficient");
  ASSERT_EQ(reply.headers.all("WWW-Authenticate").size(), 1U);
  EXPECT_THAT(std::string(*reply.headers.find("WWW-Authenticate")),
              HasSubstr("error=\"insufficient_scope\""));
  EXPECT_EQ(reply.headers.all("DPoP-Nonce").size(), 1U);
  for (const char* field : {"X-Ajwt-Status", "X-Ajwt-Reason", "X-Ajwt-Refusal"}) {
    EXPECT_FALSE(reply.headers.find(field).has_value()) << field;
  }
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(NginxTest, TellsWhereTokensComeFrom) {
  const lab::CallParts asked{.method = "GET",
                             .path = "/.well-known/oauth-protected-resource",
                             .body = {},
                             .token = {},
                             .proof = std::nullopt};
  const Reply reply = send(asked);
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(member_of(reply.body, "resource"), front_->url());
  EXPECT_THAT(reply.body, HasSubstr(info_.issuer));
}

TEST_F(NginxTest, LetsTheServiceNotSpeakInTheGuardsVoice) {
  const Reply reply = send(honest("read_manifest"));
  ASSERT_EQ(reply.status, 200);
  for (const char* field : {"DPoP-Nonce", "WWW-Authenticate", "X-Ajwt-Decision-Id"}) {
    for (const std::string_view value : reply.headers.all(field)) {
      EXPECT_NE(value, "of the service") << field;
      EXPECT_THAT(std::string(value), Not(HasSubstr("use_dpop_nonce"))) << field;
    }
  }
}

// RFC 9449 8.2. The guard's slices of time are long, so this one has shorter ones.
TEST_F(NginxTest, HandsOnTheNextNonceWithAGoodAnswer) {
  const std::uint16_t port = free_port();
  auto document = config::parse_toml(front_->guard_settings(port), "guard.toml");
  ASSERT_TRUE(document);
  auto options = gateway::parse_guard_options(*document);
  ASSERT_TRUE(options) << options.error().describe();
  options->nonce_lifetime = Seconds(16);  // slices of two seconds
  const auto guard = gateway::GuardServer::start(*std::move(options), nullptr);
  ASSERT_TRUE(guard);
  while (!(*guard)->is_ready()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto nginx = front_->start_nginx(port, (*guard)->port());
  ASSERT_TRUE(nginx->is_up()) << nginx->err();

  honest("read_manifest");  // for its token
  lab::Target target = *demo::load_target(info_);
  target.guard_url = url_of(port);
  lab::Scene there(std::move(target), http_, clock_);
  lab::CallParts parts = there.call_parts("read_manifest", token_);
  parts.proof = *there.prove(there.agent_key("supervisor"), parts);
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  const Reply reply = send(parts, {}, port);

  EXPECT_EQ(reply.status, 200) << reply.body;
  ASSERT_EQ(reply.headers.all("DPoP-Nonce").size(), 1U);
  EXPECT_NE(reply.headers.find("DPoP-Nonce"), there.guard_nonce());
  EXPECT_THAT(reply.headers.all("Cache-Control"), ::testing::Contains("no-store"));
}

// --- Doubt is refusal.

TEST_F(NginxTest, LetsNobodyInWithoutKeys) {
  Front front(front_options(url_of(free_port())));  // no authority is there
  ASSERT_NE(front.port(), 0);
  lab::CallParts parts = honest("read_manifest");
  const Reply reply = send(parts, {}, front.port());
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.reason(), "keys_unavailable");
  EXPECT_EQ(reply.headers.find("Retry-After"), "1");
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(NginxTest, LetsNobodyInWithoutAGuard) {
  Front front(front_options(info_.issuer));
  ASSERT_NE(front.port(), 0);
  front.stop_guard();
  const Reply reply = send(honest("read_manifest"), {}, front.port());
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.reason(), "network_failed");
  EXPECT_THAT(received(), IsEmpty());
}

}  // namespace
}  // namespace ajwt::functional
