// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/profile.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "files/key_file.h"
#include "files/private_file.h"
#include "json/members.h"
#include "json/parse.h"
#include "protocol/uri.h"

namespace ajwt::app {
namespace {

constexpr std::string_view kDevFile = ".ajwt-dev/dev.json";
constexpr std::string_view kHelp =
    "Give --authority, --client-id and --key, or --profile FILE, or start `ajwt dev`.";

Result<json::Object> load_object(const std::string& path) {
  AJWT_ASSIGN(const Secret text, files::read_private_file(path));
  auto object = json::parse_object(text.reveal());
  if (!object) return refuse(object.error().code(), path + ": " + object.error().message());
  return object;
}

// parse_credentials reads {issuer, client_id, key_file}, with the key relative to the file.
Result<Profile> parse_credentials(const json::Object& object, const std::string& path) {
  json::Members members(object);
  Profile profile;
  AJWT_ASSIGN(profile.issuer, members.get_string("issuer"));
  AJWT_ASSIGN(profile.client_id, members.get_string("client_id"));
  AJWT_ASSIGN(profile.key_file, members.get_string("key_file"));
  const std::filesystem::path key = profile.key_file;
  if (key.is_relative()) {
    profile.key_file = (std::filesystem::path(path).parent_path() / key).string();
  }
  return profile;
}

// parse_dev reads what `ajwt dev` wrote: its administrator or a client of its application.
Result<Profile> parse_dev(const json::Object& object, Role role) {
  json::Members members(object);
  Profile profile;
  AJWT_ASSIGN(profile.issuer, members.get_string("issuer"));
  AJWT_ASSIGN(profile.app_id, members.get_string("app_id"));
  if (role == Role::kApplication) {
    AJWT_ASSIGN(profile.client_id, members.get_string("client_id"));
    AJWT_ASSIGN(profile.key_file, members.get_string("client_key"));
    return profile;
  }
  if (role == Role::kRegistrar) {
    AJWT_ASSIGN(profile.client_id, members.get_string("registrar_client_id"));
    AJWT_ASSIGN(profile.key_file, members.get_string("registrar_key"));
    return profile;
  }
  AJWT_ASSIGN(const auto* admin, members.get_object("admin"));
  json::Members administrator(*admin);
  AJWT_ASSIGN(profile.client_id, administrator.get_string("client_id"));
  AJWT_ASSIGN(profile.key_file, administrator.get_string("key_file"));
  return profile;
}

Result<Profile> load_profile_file(const std::string& path, Role role) {
  AJWT_ASSIGN(const json::Object object, load_object(path));
  auto profile =
      object.contains("admin") ? parse_dev(object, role) : parse_credentials(object, path);
  if (profile) return profile;
  return refuse(profile.error().code(), path + ": " + profile.error().message());
}

Error missing(std::string_view what) {
  return refuse(Code::k_parameter_missing, std::string(what) + ". " + std::string(kHelp));
}

Result<Profile> find_profile(const ProfileOptions& options, const Environment& environment,
                             Role role) {
  // What is said on the command line stands: the environment must not lead it to another authority.
  const bool by_flags = options.authority || options.client_id || options.key;
  if (options.profile && !by_flags) return load_profile_file(*options.profile, role);
  const auto first = [&](const std::optional<std::string>& flag, const char* name) {
    return flag ? flag : environment(name);
  };
  const auto authority = first(options.authority, "AJWT_AUTHORITY");
  const auto client_id = first(options.client_id, "AJWT_CLIENT_ID");
  const auto key = first(options.key, "AJWT_KEY");
  if (authority || client_id || key) {
    if (!authority) return missing("--authority");
    if (!client_id) return missing("--client-id");
    if (!key) return missing("--key");
    return Profile{*authority, *client_id, *key, {}, std::nullopt};
  }
  std::error_code error;
  if (!std::filesystem::exists(kDevFile, error)) return missing("An authority");
  return load_profile_file(std::string(kDevFile), role);
}

Result<json::Object> object_of(Result<json::Value> answer) {
  if (!answer) return std::move(answer).error();
  if (answer->is_null()) return json::Object();
  if (answer->find_object() == nullptr) return refuse(Code::k_response_malformed);
  return answer->as_object();
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

Result<Profile> resolve_profile(const ProfileOptions& options, const Environment& environment,
                                Role role) {
  AJWT_ASSIGN(Profile profile, find_profile(options, environment, role));
  const auto ca_file = options.ca_file ? options.ca_file : environment("AJWT_CA_FILE");
  profile.ca_file = ca_file.value_or("");
  while (profile.issuer.ends_with('/')) profile.issuer.pop_back();
  return profile;
}

Status check_plain_http(const std::string& url) {
  const auto uri = parse_http_uri(url);
  if (!uri) return refuse(Code::k_parameter_malformed, url + " is no http or https URL.");
  if (uri->scheme == "https" || is_loopback_host(uri->host)) return ok();
  return refuse(Code::k_configuration_refused, url + " must be https.");
}

Result<std::unique_ptr<Connection>> Connection::open(const Session& session, Role role) {
  AJWT_ASSIGN(Profile profile, resolve_profile(session.profile, process_environment(), role));
  AJWT_ASSIGN(ClientId client_id, ClientId::parse(profile.client_id));
  AJWT_ASSIGN(crypto::PrivateKey key, files::load_key_file(profile.key_file));
  http::CurlClientOptions http_options;
  http_options.ca_file = profile.ca_file;
  const std::string issuer = profile.issuer;
  std::unique_ptr<Connection> connection(
      new Connection(std::move(profile), std::move(http_options)));
  shim::AuthorityOptions options{.issuer = issuer,
                                 .credential = {std::move(client_id), std::move(key)}};
  // A person waits for the answer: one repetition tells a hiccup from an authority that is down.
  options.retries.attempts = 2;
  AJWT_ASSIGN(connection->client_, shim::AuthorityClient::create(
                                       std::move(options), connection->http_, connection->clock_));
  return connection;
}

Result<json::Object> Connection::with_first_of(const Scopes& scopes, const Attempt& attempt) {
  for (std::size_t i = 0;; ++i) {
    auto answer = object_of(attempt({scopes[i]}));
    const bool another = !answer && i + 1 < scopes.size() &&
                         (answer.error().code() == Code::k_scope_exceeds_ceiling ||
                          answer.error().code() == Code::k_client_unauthorized ||
                          answer.error().code() == Code::k_token_insufficient_scope);
    if (!another) return answer;
  }
}

Result<json::Object> Connection::get(const std::string& path, const Scopes& scopes) {
  return with_first_of(scopes, [&](const Scopes& scope) {
    return client_->call(
        {.method = "GET", .path = path, .body = std::nullopt, .repeat = shim::Repeat::kSafe},
        scope);
  });
}

Result<json::Object> Connection::send(const std::string& method, const std::string& path,
                                      json::Object body, const Scopes& scopes) {
  return with_first_of(scopes, [&](const Scopes& scope) {
    return client_->call({.method = method, .path = path, .body = body}, scope);
  });
}

Result<json::Object> Connection::send_holding(const std::string& method, const std::string& path,
                                              json::Object body, const Scopes& scopes) {
  return object_of(
      client_->call({.method = method, .path = path, .body = std::move(body)}, scopes));
}

Result<json::Object> Connection::send_with_agent(const std::string& path, json::Object body,
                                                 const Scopes& scopes,
                                                 const shim::AgentIdentity& agent) {
  return with_first_of(scopes, [&](const Scopes& scope) {
    return client_->call_with_agent({.method = "POST", .path = path, .body = body}, scope, agent);
  });
}

Result<std::string> Connection::get_app_id(const std::string& named) const {
  if (!named.empty()) return named;
  if (profile_.app_id) return *profile_.app_id;
  return refuse(Code::k_parameter_missing, "--app");
}

std::string path_segment(std::string_view id) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : id) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += "%" + to_hex(ByteView(&byte, 1));
    }
  }
  return out;
}

}  // namespace ajwt::app
