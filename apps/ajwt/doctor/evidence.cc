// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/doctor/evidence.h"

#include <utility>

#include "gateway/guard_endpoints.h"
#include "gateway/guard_judge.h"
#include "jose/base64url.h"
#include "jose/names.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr Seconds kDoctorPatience{4};
// A path that no policy names, with a slash that only a careless hop would decode.
constexpr std::string_view kEncodedPath = "/ajwt-doctor%2Fprobe";
constexpr std::string_view kNoToken = "ajwt-doctor";

// Prober sends the requests of one target.
class Prober {
 public:
  Prober(HttpClient& http, const Clock& clock, std::string base)
      : http_(http), clock_(clock), base_(std::move(base)) {}

  Observed get(std::string_view path, HttpHeaders headers = {}) const {
    return send("GET", path, std::move(headers));
  }
  Observed send(const std::string& method, std::string_view path, HttpHeaders headers) const {
    const Instant asked = clock_.now();
    auto answer = http_.send({.method = method,
                              .url = base_ + std::string(path),
                              .headers = std::move(headers),
                              .body = {},
                              .timeout = kDoctorPatience});
    return Observed{std::move(answer), asked, clock_.now()};
  }
  Doors try_doors(const std::string& method, const std::string& path) const {
    HttpHeaders both;
    both.add(names::kAuthorization, std::string(names::kDpop) + " " + std::string(kNoToken));
    both.add(names::kDpopHeader, std::string(kNoToken));
    return Doors{send(method, path, {}), send(method, path, {}), send(method, path, both),
                 get(kEncodedPath)};
  }

 private:
  HttpClient& http_;
  const Clock& clock_;
  std::string base_;
};

std::optional<Result<http::Certificate>> look_at_certificate(const std::string& url,
                                                             const std::string& ca_file) {
  if (!url.starts_with("https://")) return std::nullopt;
  return http::inspect_certificate(url, ca_file);
}

// forge_token names one of the authority's keys and is not signed by it: a guard that has the key
// says that the signature is wrong, another that it knows no such key.
std::optional<std::string> forge_token(const Observed& jwks) {
  const json::Object set = jwks.body();
  const json::Array* keys = set.find_array("keys");
  if (keys == nullptr || keys->empty() || keys->front().find_object() == nullptr) {
    return std::nullopt;
  }
  const json::Object& key = keys->front().as_object();
  std::string algorithm = key.text(jose::names::kAlg);
  if (algorithm.empty())
    algorithm = key.text(jose::names::kCrv) == jose::names::kEd25519 ? "EdDSA" : "ES256";
  const json::Object header{
      {"typ", names::kTypAccessToken}, {"alg", algorithm}, {"kid", key.text(jose::names::kKid)}};
  const std::string signature(64, '\1');
  return jose::encode_base64url(json::write(header)) + "." + jose::encode_base64url("{}") + "." +
         jose::encode_base64url(signature);
}

GuardEvidence look_at_guard(const GuardTarget& target, const Prober& prober, const Observed& jwks,
                            const std::string& ca_file) {
  GuardEvidence evidence{.target = target,
                         .ready = prober.get("/-/health/ready"),
                         .metadata = prober.get(gateway::kMetadataPath),
                         .encoded = prober.get(kEncodedPath),
                         .doors = std::nullopt,
                         .bearer = std::nullopt,
                         .forged = std::nullopt,
                         .certificate = look_at_certificate(target.url, ca_file)};
  if (!target.probe) return evidence;
  const Probe& probe = *target.probe;
  const auto present = [&](std::string_view scheme, std::string_view token) {
    HttpHeaders headers;
    headers.add(names::kAuthorization, std::string(scheme) + " " + std::string(token));
    return prober.send(probe.method, probe.path, std::move(headers));
  };
  evidence.doors = prober.try_doors(probe.method, probe.path);
  evidence.bearer = present("Bearer", kNoToken);
  if (const auto token = forge_token(jwks)) evidence.forged = present(names::kDpop, *token);
  return evidence;
}

}  // namespace

json::Object Observed::body() const {
  if (!answer) return {};
  auto object = json::parse_object(answer->body);
  return object ? *std::move(object) : json::Object();
}

std::string Observed::reason() const { return body().text(names::kReason); }

std::string Observed::header(std::string_view name) const {
  if (!answer) return {};
  return std::string(answer->headers.find(name).value_or(""));
}

Evidence gather(const DoctorTarget& target, HttpClient& http, const Clock& clock) {
  const Prober prober(http, clock, target.authority);
  AuthorityEvidence authority{.url = target.authority,
                              .live = prober.get("/health/live"),
                              .ready = prober.get("/health/ready"),
                              .metadata = prober.get("/.well-known/oauth-authorization-server"),
                              .jwks = prober.get("/.well-known/jwks.json"),
                              .doors = prober.try_doors("GET", "/admin/whoami"),
                              .certificate = look_at_certificate(target.authority, target.ca_file),
                              .status = std::nullopt};
  if (authority.live.answer && target.ask_status) authority.status = target.ask_status();
  Evidence evidence{.authority = std::move(authority), .guards = {}};
  for (const GuardTarget& guard : target.guards) {
    evidence.guards.push_back(look_at_guard(guard, Prober(http, clock, guard.url),
                                            evidence.authority.jwks, target.ca_file));
  }
  return evidence;
}

}  // namespace ajwt::app
