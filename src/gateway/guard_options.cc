// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_options.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "gateway/guard_endpoints.h"
#include "http/listen_address.h"
#include "protocol/scope.h"
#include "protocol/uri.h"

namespace ajwt::gateway {
namespace {

constexpr std::string_view kForm = "form";
constexpr std::string_view kIssuer = "issuer";
constexpr std::string_view kAudience = "audience";
constexpr std::string_view kPublicUrl = "public_url";
constexpr std::string_view kListen = "listen";
constexpr std::string_view kUpstream = "upstream";
constexpr std::string_view kJwksUri = "jwks_uri";
constexpr std::string_view kTls = "tls";
constexpr std::string_view kCertificate = "certificate";
constexpr std::string_view kKey = "key";
constexpr std::string_view kCaFile = "ca_file";
constexpr std::string_view kSkew = "skew";
constexpr std::string_view kTokenCache = "token_cache";
constexpr std::string_view kReplayCapacity = "replay_capacity";
constexpr std::string_view kReplayCapacityPerKey = "replay_capacity_per_key";
constexpr std::string_view kMetrics = "metrics";
constexpr std::string_view kManagementListen = "management_listen";
constexpr std::string_view kOtlpEndpoint = "otlp_endpoint";
constexpr std::string_view kRoute = "route";
constexpr std::string_view kProof = "proof";
constexpr std::string_view kMaxBody = "max_body";
constexpr std::string_view kProxyForm = "proxy";
constexpr std::string_view kAuthRequestForm = "auth_request";

constexpr auto kSettings = std::to_array<std::string_view>(
    {kForm, kIssuer, kAudience, kPublicUrl, kListen, kUpstream, kJwksUri, kTls, kCaFile, kSkew,
     kTokenCache, kReplayCapacity, kReplayCapacityPerKey, kMetrics, kManagementListen,
     kOtlpEndpoint, kRoute});
constexpr auto kTlsSettings = std::to_array<std::string_view>({kCertificate, kKey});

constexpr std::int64_t kMostEntries = 100'000'000;
constexpr std::string_view kHttp = "http";
constexpr std::string_view kHttps = "https";

// fault is the refusal of one setting, with its place for readers of files.
Error fault(std::string_view setting, std::string_view what) {
  return refuse(Code::k_configuration_refused, std::string(setting).append(": ").append(what))
      .with_items({"/" + std::string(setting)});
}

// check_origin refuses what is more or less than scheme, host and port.
Status check_origin(std::string_view setting, std::string_view text,
                    std::span<const std::string_view> schemes) {
  const auto uri = parse_http_uri(text);
  const bool is_origin = uri && uri->path.empty() && !uri->query && !uri->fragment &&
                         std::find(schemes.begin(), schemes.end(), uri->scheme) != schemes.end();
  if (is_origin) return ok();
  std::string what = "must be ";
  what += schemes.front();
  return fault(setting,
               what + "://host or " + std::string(schemes.front()) + "://host:port, without path");
}

Status check_identities(const GuardOptions& options) {
  if (!check_audience(options.issuer)) return fault(kIssuer, "must be an absolute http(s) URL");
  if (!options.public_url.empty()) {
    constexpr auto kSchemes = std::to_array<std::string_view>({kHttps, kHttp});
    AJWT_TRY(check_origin(kPublicUrl, options.public_url, kSchemes));
    // Every proof would be for another scheme than the one that clients use. (With auth_request it
    // is nginx that clients speak to.)
    if (options.form == GuardForm::kProxy && options.proxy.tls &&
        !options.public_url.starts_with(kHttps)) {
      return fault(kPublicUrl, "must begin with https, since tls is set");
    }
  } else if (options.form == GuardForm::kAuthRequest) {
    return fault(kPublicUrl, "is required: clients do not speak to the guard itself");
  }
  if (!check_audience(options.audience)) return fault(kAudience, "must be an absolute http(s) URL");
  return ok();
}

// Over plain HTTP anyone on the way reads tokens and bodies, and anyone on the way to the keys says
// which tokens are good.
Status check_clear_text(const GuardOptions& options) {
  if (!options.proxy.tls && options.clear_text == ClearText::kOnLoopback &&
      !is_loopback_host(http::host_of(options.proxy.address))) {
    return fault(kListen, "beyond loopback needs tls, or tls = \"proxy\" if TLS ends before it");
  }
  if (options.management && !options.proxy.tls && options.clear_text == ClearText::kOnLoopback &&
      !is_loopback_host(http::host_of(options.management->address))) {
    return fault(kManagementListen,
                 "beyond loopback needs tls, or tls = \"proxy\" if TLS ends before it");
  }
  const auto keys = parse_http_uri(options.keys.url);
  if (!keys) return fault(kJwksUri, "must be an absolute http(s) URL");
  if (keys->scheme != kHttps && !is_loopback_host(keys->host)) {
    return fault(kJwksUri,
                 "must begin with https: whoever changes the keys on the way could sign "
                 "tokens");
  }
  return ok();
}

// Who forwards knows where to; who is asked forwards nothing.
Status check_upstream(const GuardOptions& options) {
  constexpr auto kSchemes = std::to_array<std::string_view>({kHttp});
  switch (options.form) {
    case GuardForm::kProxy:
      return check_origin(kUpstream, options.proxy.upstream, kSchemes);
    case GuardForm::kAuthRequest:
      if (options.proxy.upstream.empty() && options.upstream_headers.empty()) return ok();
      return fault(kUpstream, "has no meaning with form = \"auth_request\": nginx forwards");
  }
  return ok();
}

// fault_of_proof returns what is wrong with a route's level of proof in a form of the guard, or
// nothing. A binding that nobody judges would only look like one.
std::string_view fault_of_proof(GuardForm form, guard::ProofBinding proof) {
  switch (form) {
    case GuardForm::kProxy:
      if (proof != guard::ProofBinding::kHead) return {};
      return "\"head\" is for form = \"auth_request\"; a proxy sees the body and judges it";
    case GuardForm::kAuthRequest:
      if (proof != guard::ProofBinding::kBound) return {};
      return "must be \"head\" or \"rfc9449\": with form = \"auth_request\" no body is seen, so "
             "none "
             "is bound";
  }
  return {};
}

Error fault_of_route(std::size_t index, std::string_view member, std::string_view what) {
  std::string message = "Route " + std::to_string(index + 1);
  message.append(", ").append(member).append(": ").append(what).append(".");
  return refuse(Code::k_configuration_refused, std::move(message))
      .with_items(
          {"/" + std::string(kRoute) + "/" + std::to_string(index) + "/" + std::string(member)});
}

Status check_routes(const GuardOptions& options) {
  const auto& routes = options.policy.routes();
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (is_guard_path(routes[i].path)) {
      return fault_of_route(i, "path", "is one of the guard's own");
    }
    // A route of profile draft-00 has no proof to bind anything.
    if (routes[i].profile == guard::TokenProfile::kDraft00) continue;
    const std::string_view wrong = fault_of_proof(options.form, routes[i].proof);
    if (!wrong.empty()) return fault_of_route(i, kProof, wrong);
  }
  return ok();
}

// Reader reads one setting after the other and names its place when it refuses.
class Reader {
 public:
  explicit Reader(const config::Document& document) : document_(document) {}

  Result<GuardOptions> read() {
    AJWT_TRY(config::check_keys(document_, document_.root, "", kSettings));
    AJWT_ASSIGN(guard::Policy policy, read_policy());
    GuardOptions options{.policy = std::move(policy)};
    AJWT_TRY(read_form(options));
    AJWT_TRY(read_identities(options));
    AJWT_TRY(read_listen(options));
    AJWT_TRY(read_tls(options));
    AJWT_TRY(read_limits(options));
    if (const Status status = check_guard_options(options); !status) return place(status.error());
    return options;
  }

 private:
  // place moves a refusal whose items point to a setting to that setting's line.
  Error place(const Error& error) const {
    const std::string pointer = error.items().empty() ? std::string() : error.items().front();
    return document_.refuse_at(pointer, error.message());
  }

  Error fault_at(std::string_view setting, std::string_view what) const {
    return place(fault(setting, what));
  }

  // check_route_keys goes before the policy's own reading, which would report a misspelt key as the
  // absence of the one that was meant.
  Status check_route_keys(const json::Value& routes) const {
    const json::Array* rows = routes.find_array();
    for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
      const json::Object* route = (*rows)[i].find_object();
      if (route == nullptr) continue;
      const std::string pointer = "/" + std::string(kRoute) + "/" + std::to_string(i);
      AJWT_TRY(config::check_keys(document_, *route, pointer, guard::Policy::known_members()));
    }
    return ok();
  }

  Result<guard::Policy> read_policy() {
    json::Object routes;
    if (const json::Value* value = document_.root.find(kRoute)) {
      AJWT_TRY(check_route_keys(*value));
      routes.append(kRoute, *value);
    }
    auto policy = guard::Policy::parse(routes);
    if (!policy) return place(policy.error());
    return policy;
  }

  Result<std::optional<std::string>> find_text(std::string_view setting) {
    const json::Value* value = document_.root.find(setting);
    if (value == nullptr) return std::optional<std::string>();
    const std::string* text = value->find_string();
    if (text == nullptr || text->empty()) return fault_at(setting, "must be a text in quotes");
    return std::optional<std::string>(*text);
  }

  Result<std::string> get_text(std::string_view setting) {
    AJWT_ASSIGN(auto text, find_text(setting));
    if (!text) return fault_at(setting, "is required");
    return *std::move(text);
  }

  Result<std::int64_t> get_number(std::string_view setting, std::int64_t least, std::int64_t most,
                                  std::int64_t otherwise) {
    const json::Value* value = document_.root.find(setting);
    if (value == nullptr) return otherwise;
    const std::int64_t* number = value->find_integer();
    if (number == nullptr || *number < least || *number > most) {
      return fault_at(setting, "must be a number from " + std::to_string(least) + " to " +
                                   std::to_string(most));
    }
    return *number;
  }

  Status read_identities(GuardOptions& options) {
    AJWT_ASSIGN(options.issuer, get_text(kIssuer));
    AJWT_ASSIGN(options.public_url, get_text(kPublicUrl));
    AJWT_ASSIGN(const auto audience, find_text(kAudience));
    options.audience = audience.value_or(options.public_url);
    AJWT_ASSIGN(const auto jwks_uri, find_text(kJwksUri));
    options.keys.url = jwks_uri.value_or(default_jwks_uri(options.issuer));
    AJWT_ASSIGN(const auto ca_file, find_text(kCaFile));
    options.ca_file = ca_file.value_or(std::string());
    return ok();
  }

  Status read_form(GuardOptions& options) {
    AJWT_ASSIGN(const auto form, find_text(kForm));
    if (form == kAuthRequestForm) {
      options.form = GuardForm::kAuthRequest;
      return check_no_max_body();
    }
    if (form && form != kProxyForm) {
      return fault_at(kForm, "must be \"proxy\" or \"auth_request\"");
    }
    return ok();
  }

  // A limit on what is never read would look like one on what the service gets.
  Status check_no_max_body() const {
    const json::Value* routes = document_.root.find(kRoute);
    const json::Array* rows = routes == nullptr ? nullptr : routes->find_array();
    for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
      const json::Object* route = (*rows)[i].find_object();
      if (route == nullptr || !route->contains(kMaxBody)) continue;
      return place(fault_of_route(i, kMaxBody, "with form = \"auth_request\" no body is read"));
    }
    return ok();
  }

  Status read_listen(GuardOptions& options) {
    AJWT_ASSIGN(const auto upstream, find_text(kUpstream));
    if (!upstream && options.form == GuardForm::kProxy) return fault_at(kUpstream, "is required");
    options.proxy.upstream = upstream.value_or(std::string());
    AJWT_ASSIGN(const std::string listen, get_text(kListen));
    auto address = http::parse_listen_address(listen);
    if (!address) return fault_at(kListen, address.error().message());
    options.proxy.address = std::move(address->address);
    options.proxy.port = address->port;
    return read_management(options);
  }

  Status read_management(GuardOptions& options) {
    AJWT_ASSIGN(const auto endpoint, find_text(kOtlpEndpoint));
    options.otlp_endpoint = endpoint.value_or(std::string());
    AJWT_ASSIGN(const auto listen, find_text(kManagementListen));
    if (!listen) return ok();
    auto address = http::parse_listen_address(*listen);
    if (!address) return fault_at(kManagementListen, address.error().message());
    options.management = *std::move(address);
    return ok();
  }

  Status read_tls(GuardOptions& options) {
    const json::Value* value = document_.root.find(kTls);
    if (value == nullptr) return ok();
    if (const std::string* text = value->find_string(); text != nullptr && *text == "proxy") {
      options.clear_text = ClearText::kBehindTlsProxy;
      return ok();
    }
    const json::Object* table = value->find_object();
    if (table == nullptr) {
      return fault_at(kTls, "must be \"proxy\" or { certificate = \"...\", key = \"...\" }");
    }
    AJWT_TRY(config::check_keys(document_, *table, "/" + std::string(kTls), kTlsSettings));
    const json::Value* certificate = table->find(kCertificate);
    const json::Value* key = table->find(kKey);
    if (certificate == nullptr || certificate->find_string() == nullptr || key == nullptr ||
        key->find_string() == nullptr) {
      return fault_at(kTls, "needs certificate and key, each the name of a PEM file");
    }
    options.proxy.tls = http::TlsFiles{.certificate_chain = certificate->as_string(),
                                       .private_key = key->as_string()};
    return ok();
  }

  Status read_limits(GuardOptions& options) {
    AJWT_ASSIGN(const auto skew, get_number(kSkew, 0, 300, options.skew.count()));
    options.skew = Seconds(skew);
    AJWT_TRY(read_count(kTokenCache, 0, options.token_cache_capacity));
    AJWT_TRY(read_count(kReplayCapacity, 1, options.replays.capacity));
    AJWT_TRY(read_count(kReplayCapacityPerKey, 1, options.replays.capacity_per_key));
    if (const json::Value* value = document_.root.find(kMetrics)) {
      const bool* served = value->find_boolean();
      if (served == nullptr) return fault_at(kMetrics, "must be true or false");
      options.metrics = *served ? MetricsEndpoint::kServed : MetricsEndpoint::kHidden;
    }
    return ok();
  }

  Status read_count(std::string_view setting, std::int64_t least, std::size_t& count) {
    AJWT_ASSIGN(const auto number,
                get_number(setting, least, kMostEntries, static_cast<std::int64_t>(count)));
    count = static_cast<std::size_t>(number);
    return ok();
  }

  const config::Document& document_;
};

}  // namespace

std::string default_jwks_uri(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/.well-known/jwks.json";
}

Result<GuardOptions> parse_guard_options(const config::Document& document) {
  return Reader(document).read();
}

Status check_guard_options(const GuardOptions& options) {
  AJWT_TRY(check_identities(options));
  AJWT_TRY(check_upstream(options));
  AJWT_TRY(check_clear_text(options));
  return check_routes(options);
}

}  // namespace ajwt::gateway
