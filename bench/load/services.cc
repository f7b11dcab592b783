// SPDX-License-Identifier: Apache-2.0
#include "bench/load/services.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "authority/authority.h"
#include "base/check.h"
#include "bench/must.h"
#include "crypto/seal.h"
#include "files/scratch_directory.h"
#include "gateway/guard_server.h"
#include "http/client.h"
#include "http/jwks_source.h"
#include "http/reverse_proxy.h"
#include "http/server.h"
#include "json/parse.h"
#include "protocol/access_token.h"
#include "store/sealing_key.h"
#include "store/sqlite_store.h"

namespace ajwt::bench {
namespace {

// --- A message between this process and a child: its length, then its bytes.

void send_text(int socket, const std::string& text) {
  const std::size_t size = text.size();
  AJWT_CHECK(write(socket, &size, sizeof size) == sizeof size);
  AJWT_CHECK(write(socket, text.data(), size) == static_cast<ssize_t>(size));
}

// receive_text returns the next message, or nothing if the other side is gone.
std::string receive_text(int socket) {
  std::size_t size = 0;
  if (recv(socket, &size, sizeof size, MSG_WAITALL) != sizeof size) return {};
  std::string text(size, '\0');
  if (size == 0) return text;  // recv would wait for what never comes
  AJWT_CHECK(recv(socket, text.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size));
  return text;
}

constexpr std::string_view kCpuTime = "cpu time";

std::chrono::microseconds own_cpu_time() {
  rusage usage{};
  AJWT_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

[[noreturn]] void serve(int socket, const Process::Make& make) {
  // A load generator that was killed leaves nothing behind.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  {
    const auto running = make(receive_text(socket));
    std::ostringstream ports;
    for (const std::uint16_t port : running->ports()) ports << port << ' ';
    send_text(socket, ports.str());
    while (receive_text(socket) == kCpuTime) {
      send_text(socket, std::to_string(own_cpu_time().count()));
    }
  }
  std::exit(0);
}

std::string origin_of(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

// --- The authority.

class QuietObserver final : public authority::DecisionObserver {
 public:
  void on_decision(const authority::Decision&) override {}
};

class AuthorityService final : public Running {
 public:
  explicit AuthorityService(const std::string& administrator)
      : directory_(must(files::ScratchDirectory::create())),
        store_(must(store::SqliteStore::open({.directory = directory_->path() + "/authority"}))),
        server_(must(http::Server::start({}, [this](const HttpRequest& request) {
          authority::Authority* ready = ready_.load();
          return ready == nullptr ? HttpResponse{.status = 503, .headers = {}, .body = {}}
                                  : ready->handle(request);
        }))) {
    must_be_ok(authority::create_administrator(
        *store_, must(crypto::PublicKey::from_pem(administrator)), clock_.now()));
    authority_ = must(
        authority::Authority::create(options(origin_of(server_->port())), *store_,
                                     must(store::load_or_create_sealing_key(directory_->path())),
                                     clock_, observer_, [] { return std::string(); }));
    ready_ = authority_.get();
  }

  std::vector<std::uint16_t> ports() const override { return {server_->port()}; }

 private:
  // The limits stop loops and guessing; here everything comes from one client.
  static authority::AuthorityOptions options(std::string issuer) {
    authority::AuthorityOptions options;
    options.issuer = std::move(issuer);
    const authority::Budget unlimited{.per_second = 1e9, .burst = 1e9};
    options.rate_limits.address = unlimited;
    options.rate_limits.client_mint = unlimited;
    options.rate_limits.client_calls = unlimited;
    options.rate_limits.agent_mint = unlimited;
    return options;
  }

  std::unique_ptr<files::ScratchDirectory> directory_;
  SystemClock clock_;
  QuietObserver observer_;
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<authority::Authority> authority_;
  std::atomic<authority::Authority*> ready_{nullptr};
  std::unique_ptr<http::Server> server_;
};

// --- The protected service.

class Upstream final : public Running {
 public:
  Upstream()
      : server_(must(http::Server::start({}, [](const HttpRequest&) {
          HttpResponse response{.status = 200, .headers = {}, .body = R"({"changed":1})"};
          response.headers.add("Content-Type", "application/json");
          return response;
        }))) {}

  std::vector<std::uint16_t> ports() const override { return {server_->port()}; }

 private:
  std::unique_ptr<http::Server> server_;
};

// --- The proxies before it.

class PassThrough final : public http::ProxyJudge {
 public:
  http::ProxyDecision judge(const HttpRequest&) override { return http::Forward{}; }
  http::ProxyDecision judge_with_body(const HttpRequest&) override { return http::Forward{}; }
};

// BearerJudge does what a resource server does with a plain bearer token: signature, issuer,
// audience, times, scope. It takes our tokens in that scheme, for the comparison alone.
class BearerJudge final : public http::ProxyJudge {
 public:
  BearerJudge(std::string issuer, std::string audience, http::JwksSource& keys)
      : issuer_(std::move(issuer)), audience_(std::move(audience)), keys_(keys) {}

  http::ProxyDecision judge(const HttpRequest& head) override {
    constexpr std::string_view kScheme = "Bearer ";
    const auto field = head.headers.find("Authorization");
    const auto keys = keys_.keys();
    if (keys && field && field->starts_with(kScheme)) {
      const TokenRules rules{.issuer = issuer_,
                             .audience = audience_,
                             .algorithms = jose::AlgorithmSet::all(),
                             .skew = Seconds(60)};
      const auto token =
          verify_access_token(field->substr(kScheme.size()), rules, *keys, clock_.now());
      if (token && has_scope(token->scope, "manifest:write")) {
        return http::Forward{.strip = {"Authorization"},
                             .set = {{"X-Subject", token->sub}},
                             .set_in_response = {},
                             .body = std::nullopt};
      }
    }
    return http::Answer{HttpResponse{.status = 401, .headers = {}, .body = {}}};
  }
  http::ProxyDecision judge_with_body(const HttpRequest& whole) override { return judge(whole); }

 private:
  const std::string issuer_;
  const std::string audience_;
  http::JwksSource& keys_;
  SystemClock clock_;
};

constexpr std::string_view kPolicy = R"({"route":[{
  "method":"POST","path":"/proposals/{id}/apply","app":"patch-fleet",
  "workflow":"dependency-patching","step":"apply_patch","tool":"apply_patch",
  "scope":"manifest:write"}]})";

class Proxies final : public Running {
 public:
  Proxies(std::uint16_t authority, std::uint16_t upstream)
      : keys_({.url = gateway::default_jwks_uri(origin_of(authority))}, client_, clock_),
        bearer_(origin_of(authority), std::string(kAudience), keys_) {
    keys_.start();
    const http::ReverseProxyOptions proxy = [&] {
      http::ReverseProxyOptions options;
      options.upstream = origin_of(upstream);
      return options;
    }();
    gateway::GuardOptions options{
        .issuer = origin_of(authority),
        .audience = std::string(kAudience),
        .policy = must(guard::Policy::parse(must(json::parse_object(kPolicy)))),
        .proxy = proxy};
    options.keys.url = gateway::default_jwks_uri(options.issuer);
    // One key makes all requests of a round; in use, this bounds what one agent can take up.
    options.replays.capacity_per_key = options.replays.capacity;
    guard_ = must(gateway::GuardServer::start(std::move(options), nullptr));
    bearer_proxy_ = must(http::ReverseProxy::start(proxy, bearer_));
    pass_proxy_ = must(http::ReverseProxy::start(proxy, pass_));
    while (!guard_->is_ready() || keys_.keys() == nullptr) usleep(1000);
  }

  // In the order of ProxyKind.
  std::vector<std::uint16_t> ports() const override {
    return {guard_->port(), bearer_proxy_->port(), pass_proxy_->port()};
  }

 private:
  SystemClock clock_;
  http::CurlClient client_;
  http::JwksSource keys_;
  BearerJudge bearer_;
  PassThrough pass_;
  std::unique_ptr<gateway::GuardServer> guard_;
  std::unique_ptr<http::ReverseProxy> bearer_proxy_;
  std::unique_ptr<http::ReverseProxy> pass_proxy_;
};

}  // namespace

Process::Process(const Make& make) {
  int sockets[2];
  AJWT_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
  pid_ = fork();
  AJWT_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    close(sockets[0]);
    serve(sockets[1], make);
  }
  close(sockets[1]);
  socket_ = sockets[0];
}

Process::~Process() {
  close(socket_);
  waitpid(pid_, nullptr, 0);
}

const std::vector<std::uint16_t>& Process::start(const std::string& argument) {
  send_text(socket_, argument);
  std::istringstream ports(receive_text(socket_));
  for (std::uint16_t port = 0; ports >> port;) ports_.push_back(port);
  AJWT_CHECK(!ports_.empty());
  return ports_;
}

std::chrono::microseconds Process::cpu_time() const {
  send_text(socket_, std::string(kCpuTime));
  return std::chrono::microseconds(std::stoll(receive_text(socket_)));
}

std::unique_ptr<Running> make_authority(const std::string& administrator) {
  return std::make_unique<AuthorityService>(administrator);
}

std::unique_ptr<Running> make_upstream(const std::string&) { return std::make_unique<Upstream>(); }

std::unique_ptr<Running> make_proxies(const std::string& argument) {
  std::istringstream ports(argument);
  std::uint16_t authority = 0;
  std::uint16_t upstream = 0;
  ports >> authority >> upstream;
  return std::make_unique<Proxies>(authority, upstream);
}

}  // namespace ajwt::bench
