// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/dev/dev_system.h"

#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

#include "apps/ajwt/demo/agents.h"
#include "apps/ajwt/demo/sample_api.h"
#include "apps/ajwt/demo/samples.h"
#include "apps/ajwt/dev/seed.h"
#include "apps/ajwt/support/authority_process.h"
#include "apps/ajwt/support/decision_log.h"
#include "apps/ajwt/support/log.h"
#include "apps/ajwt/support/tracing.h"
#include "authority/authority.h"
#include "crypto/random.h"
#include "files/private_file.h"
#include "gateway/guard_server.h"
#include "guard/policy.h"
#include "http/client.h"
#include "http/server.h"
#include "json/write.h"

namespace ajwt::app {
namespace {

constexpr std::string_view kLoopback = "127.0.0.1";

std::uint16_t port_at(const DevOptions& options, int offset) {
  if (options.port_base == 0) return 0;
  return static_cast<std::uint16_t>(options.port_base + offset);
}

std::string url_of(std::uint16_t port) {
  return "http://" + std::string(kLoopback) + ":" + std::to_string(port);
}

Status make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  if (error) return refuse(Code::k_io_failed, folder.string() + ": " + error.message() + ".");
  return ok();
}

}  // namespace

// Members are in order of start; they go in the opposite one, the guard before what it stands on.
class DevSystem::Parts {
 public:
  ~Parts() {
    if (guard_) guard_->stop();
    if (api_server_) api_server_->stop();
    if (authority_) authority_->stop();
    std::error_code ignored;
    if (!info_.data.empty()) std::filesystem::remove(info_.data + "/dev.json", ignored);
  }

  Status start(const DevOptions& options) {
    AJWT_TRY(make_folder(options.data));
    const std::filesystem::path data = std::filesystem::absolute(options.data).lexically_normal();
    const std::string log_file = (data / "dev.log").string();
    AJWT_TRY(files::write_private_file(log_file, Secret("")));
    log_ = std::make_unique<Log>(
        LogOptions{.level = LogLevel::kInfo, .format = LogFormat::kJson, .file = log_file});
    AJWT_TRY(start_authority(options, data));
    info_.log_file = log_file;
    AJWT_TRY(start_api(options, data));
    AJWT_TRY(start_guard(options));
    AJWT_TRY(make_demo_keys((data / "demo").string(), info_));
    AJWT_TRY(seed_demo(info_, http_, clock_));
    AJWT_TRY(await_guard());
    info_.pid = getpid();
    info_.data = data.string();
    return files::write_private_file(
        (data / "dev.json").string(),
        Secret(json::write_indented(json::Value(demo::to_json(info_))) + "\n"));
  }

  const demo::DevInfo& info() const { return info_; }

 private:
  Status start_authority(const DevOptions& options, const std::filesystem::path& data) {
    ServeOptions serve;
    serve.data = (data / "authority").string();
    serve.address = kLoopback;
    serve.port = port_at(options, 0);
    serve.otlp_endpoint = options.otlp_endpoint;
    serve.authority.hints = authority::HintRule::kEveryone;
    AJWT_ASSIGN(authority_, AuthorityProcess::start(std::move(serve), log_.get()));
    info_.issuer = authority_->issuer();
    info_.admin_key = authority_->administrator().key_file;
    info_.admin_client_id = authority::administrator_client_id().str();
    return ok();
  }

  Status start_api(const DevOptions& options, const std::filesystem::path& data) {
    info_.control = crypto::random_token(32);
    AJWT_ASSIGN(api_, demo::SampleApi::create(data / "scratch",
                                              {.control = info_.control, .guard = guard_secret_}));
    AJWT_TRY(api_->load("package.json", std::string(demo::sample_package_json()),
                        demo::sample_advisories_json()));
    http::ServerOptions server;
    server.address = kLoopback;
    server.port = port_at(options, 2);
    server.max_body_bytes = 64UL * 1024 * 1024;  // the user's manifest and advisories
    AJWT_ASSIGN(api_server_, http::Server::start(server, [this](const HttpRequest& request) {
                  return api_->handle(request);
                }));
    info_.api_url = url_of(api_server_->port());
    return ok();
  }

  Status start_guard(const DevOptions& options) {
    AJWT_ASSIGN(auto policy, guard::Policy::parse(demo::demo_policy()));
    gateway::GuardOptions guard{.issuer = info_.issuer,
                                .audience = std::string(demo::kAudience),
                                .public_url = "",
                                .policy = std::move(policy),
                                .proxy = {},
                                .keys = {.url = info_.issuer + "/.well-known/jwks.json"},
                                .ca_file = ""};
    guard.proxy.address = kLoopback;
    guard.proxy.port = port_at(options, 1);
    guard.proxy.upstream = info_.api_url;
    guard.upstream_headers = {{std::string(demo::SampleApi::kGuardSecretField), guard_secret_}};
    tracing_ = std::make_unique<Tracing>(options.otlp_endpoint, "ajwt-guard", log_.get());
    decisions_ = std::make_unique<GuardDecisions>(*log_, *tracing_);
    AJWT_ASSIGN(guard_, gateway::GuardServer::start(std::move(guard), decisions_.get()));
    info_.guard_url = guard_->public_url();
    return ok();
  }

  // The guard fetches keys in the background; what is announced as ready is ready.
  Status await_guard() const {
    for (int tries = 0; tries < 500; ++tries) {
      if (guard_->is_ready()) return ok();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return refuse(Code::k_keys_unavailable);
  }

  demo::DevInfo info_;
  const std::string guard_secret_ = crypto::random_token(32);  // of this start alone
  SystemClock clock_;
  http::CurlClient http_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<AuthorityProcess> authority_;
  std::unique_ptr<demo::SampleApi> api_;
  std::unique_ptr<http::Server> api_server_;
  std::unique_ptr<Tracing> tracing_;
  std::unique_ptr<GuardDecisions> decisions_;
  std::unique_ptr<gateway::GuardServer> guard_;
};

DevSystem::DevSystem(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
DevSystem::~DevSystem() = default;

Result<std::unique_ptr<DevSystem>> DevSystem::start(const DevOptions& options) {
  auto parts = std::make_unique<Parts>();
  AJWT_TRY(parts->start(options));
  return std::unique_ptr<DevSystem>(new DevSystem(std::move(parts)));
}

const demo::DevInfo& DevSystem::info() const { return parts_->info(); }

}  // namespace ajwt::app
