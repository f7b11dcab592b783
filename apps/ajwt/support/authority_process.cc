// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/authority_process.h"

#include <atomic>
#include <filesystem>
#include <utility>

#include "apps/ajwt/support/administrator.h"
#include "apps/ajwt/support/decision_log.h"
#include "apps/ajwt/support/tracing.h"
#include "authority/authority.h"
#include "http/error_response.h"
#include "http/listen_address.h"
#include "http/management.h"
#include "http/process_metrics.h"
#include "http/server.h"
#include "protocol/uri.h"
#include "store/sealing_key.h"
#include "store/sqlite_store.h"

namespace ajwt::app {
namespace {

Error wrong(std::string message) {
  return refuse(Code::k_configuration_refused, std::move(message));
}

// Where the store's and the keys' own words say what is wrong but not what to do.
Error with_remedy(const Error& error, const std::string& data) {
  std::string remedy;
  if (error.code() == Code::k_io_failed || error.code() == Code::k_key_file_unsafe) {
    remedy = "Every file of " + data + " is needed: restore what is missing from a backup.";
  }
  if (remedy.empty()) return error;
  std::string message = error.message();
  if (!message.empty() && !message.ends_with('.')) message += '.';
  return refuse(error.code(), message + (message.empty() ? "" : " ") + remedy)
      .with_detail(error.detail());
}

}  // namespace

Status check_serve_options(const ServeOptions& options) {
  if (options.data.empty()) return wrong("data: a directory is needed.");
  const bool loopback = is_loopback_host(http::host_of(options.address));
  const bool clear = !options.tls;
  if (!loopback && clear && options.clear_text == ClearText::kOnLoopback) {
    return wrong(
        "listen: beyond loopback TLS is needed: give tls-cert and tls-key, or tls-proxy "
        "if something before the authority ends TLS.");
  }
  if (options.management && clear && options.clear_text == ClearText::kOnLoopback &&
      !is_loopback_host(http::host_of(options.management->address))) {
    return wrong(
        "management_listen: beyond loopback TLS is needed: give tls-cert and tls-key, or tls-proxy "
        "if something before the authority ends TLS.");
  }
  AJWT_TRY(check_otlp_endpoint(options.otlp_endpoint));
  if (options.public_url.empty()) {
    if (loopback && options.clear_text == ClearText::kOnLoopback) return ok();
    return wrong("public_url: is needed: the https URL by which clients address the authority.");
  }
  const auto url = parse_http_uri(options.public_url);
  if (!url || !url->path.empty() || url->query || url->fragment) {
    return wrong("public_url: must be scheme, host and port alone, as https://as.example.com.");
  }
  const bool encrypted = options.tls || options.clear_text == ClearText::kBehindTlsProxy;
  if (encrypted && url->scheme != "https") return wrong("public_url: must begin with https.");
  if (!encrypted && url->scheme != "http") {
    return wrong(
        "public_url: is https, but the authority would speak plain HTTP: give tls-cert "
        "and tls-key, or tls-proxy if something before it ends TLS.");
  }
  return ok();
}

// Parts are in the order in which they need one another.
class AuthorityProcess::Parts {
 public:
  Parts(ServeOptions options, Log* log)
      : options_(std::move(options)),
        metrics_(authority_metrics()),
        tracing_(options_.otlp_endpoint, "ajwt-authority", log),
        observer_(log, *metrics_, tracing_) {
    if (log != nullptr) metrics_->add(log_metrics(*log));
    for (auto& source : tracing_.metrics()) metrics_->add(std::move(source));
    for (auto& source : http::process_metrics()) metrics_->add(std::move(source));
    add_metrics();
  }

  Status start() {
    AJWT_TRY(check_serve_options(options_));
    AJWT_ASSIGN(store_, store::SqliteStore::open({.directory = options_.data}));
    auto sealing_key = load_sealing_key();
    if (!sealing_key) return with_remedy(sealing_key.error(), options_.data);
    AJWT_TRY(listen());
    AJWT_TRY(listen_for_operators());
    if (auto made = make_authority(*std::move(sealing_key)); !made) {
      return with_remedy(made.error(), options_.data);
    }
    AJWT_ASSIGN(administrator_,
                set_up_administrator(*store_, options_.data, issuer(), clock_.now()));
    serving_.store(authority_.get());
    return ok();
  }

  const std::string& issuer() const { return options_.public_url; }
  std::uint16_t port() const { return server_->port(); }
  const AdministratorFiles& administrator() const { return administrator_; }
  std::uint16_t management_port() const { return management_ ? management_->port() : 0; }
  void stop() {
    stopping_.store(true);
    if (server_) server_->stop();
    tracing_.stop();
    if (management_) management_->stop();
  }

 private:
  // load_sealing_key draws a key for an empty store alone: with a new one, the prompts that are
  // there would be unreadable for good, and nobody would be told.
  Result<crypto::SealingKey> load_sealing_key() {
    const std::string path = options_.data + "/seal.key";
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      AJWT_ASSIGN(const auto applications, store_->list_applications());
      if (!applications.empty()) {
        return refuse(Code::k_io_failed, path + ", the key of the prompts, is missing");
      }
    }
    return store::load_or_create_sealing_key(options_.data);
  }

  // listen comes before the authority is made, since only then is the port known, and the issuer
  // has the port in it.
  Status listen() {
    http::ServerOptions server;
    server.address = options_.address;
    server.port = options_.port;
    server.tls = options_.tls;
    server.worker_threads = options_.worker_threads;
    server.max_connections = options_.max_connections;
    server.on_refused = [this](const Error& error) {
      authority::Authority* authority = serving_.load();
      return authority == nullptr ? http::write_error_response(error)
                                  : authority->refuse_unread(error);
    };
    AJWT_ASSIGN(server_, http::Server::start(std::move(server), [this](const HttpRequest& request) {
                  authority::Authority* authority = serving_.load();
                  if (authority == nullptr) {
                    return http::write_error_response(refuse(Code::k_overloaded));
                  }
                  return authority->handle(request, options_.management
                                                        ? authority::Surface::kPublic
                                                        : authority::Surface::kOnly);
                }));
    if (options_.public_url.empty()) {
      options_.public_url = std::string(options_.tls ? "https://" : "http://") +
                            http::host_of(options_.address) + ":" + std::to_string(server_->port());
    }
    return ok();
  }

  Status listen_for_operators() {
    if (!options_.management) return ok();
    http::ServerOptions server = http::management_options(*options_.management);
    if (!is_loopback_host(http::host_of(server.address))) server.tls = options_.tls;
    AJWT_ASSIGN(management_,
                http::Server::start(std::move(server), [this](const HttpRequest& request) {
                  return answer_operators(request);
                }));
    return ok();
  }

  HttpResponse answer_operators(const HttpRequest& request) {
    authority::Authority* authority = serving_.load();
    if (authority == nullptr) return http::write_error_response(refuse(Code::k_overloaded));
    HttpResponse response = authority->handle(request, authority::Surface::kManagement);
    if (stopping_.load() && request.path == "/health/ready") {
      response.status = 503;
      response.body = R"({"status":"stopping"})";
    }
    return response;
  }

  // What these read is there by the time that metrics are answered: they are part of the authority.
  void add_metrics() {
    using enum http::MetricKind;
    const auto usage = [this] { return serving_.load()->usage(); };
    metrics_->add({"ajwt_replay_entries", "Used proofs that are remembered.", kGauge,
                   [usage] { return static_cast<double>(usage().replay_entries); }});
    metrics_->add({"ajwt_replay_capacity", "Used proofs that can be remembered.", kGauge,
                   [usage] { return static_cast<double>(usage().replay_capacity); }});
    metrics_->add({"ajwt_signing_key_age_seconds", "Age of the key that signs.", kGauge,
                   [usage] { return static_cast<double>(usage().signing_key_age.count()); }});
    metrics_->add({"ajwt_unaudited_refusals_total",
                   "Refusals that belong into the audit and could not be written there.", kCounter,
                   [this] { return static_cast<double>(observer_.unaudited()); }});
  }

  Status make_authority(crypto::SealingKey sealing_key) {
    authority::AuthorityOptions options = options_.authority;
    options.issuer = options_.public_url;
    AJWT_ASSIGN(authority_,
                authority::Authority::create(options, *store_, std::move(sealing_key), clock_,
                                             observer_, [this] { return metrics_->write(); }));
    return ok();
  }

  ServeOptions options_;
  SystemClock clock_;
  std::unique_ptr<http::Metrics> metrics_;
  Tracing tracing_;
  AuthorityDecisions observer_;
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<authority::Authority> authority_;
  AdministratorFiles administrator_{};
  std::atomic<authority::Authority*> serving_{nullptr};
  std::atomic<bool> stopping_{false};
  std::unique_ptr<http::Server> management_;
  std::unique_ptr<http::Server> server_;  // the last: its threads use all of the above
};

AuthorityProcess::AuthorityProcess(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AuthorityProcess::~AuthorityProcess() = default;

Result<std::unique_ptr<AuthorityProcess>> AuthorityProcess::start(ServeOptions options, Log* log) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(options.data, error);
  if (!error && !options.data.empty()) options.data = absolute.lexically_normal().string();
  auto parts = std::make_unique<Parts>(std::move(options), log);
  AJWT_TRY(parts->start());
  return std::unique_ptr<AuthorityProcess>(new AuthorityProcess(std::move(parts)));
}

const std::string& AuthorityProcess::issuer() const { return parts_->issuer(); }
std::uint16_t AuthorityProcess::port() const { return parts_->port(); }
std::uint16_t AuthorityProcess::management_port() const { return parts_->management_port(); }
const AdministratorFiles& AuthorityProcess::administrator() const {
  return parts_->administrator();
}
void AuthorityProcess::stop() { parts_->stop(); }

}  // namespace ajwt::app
