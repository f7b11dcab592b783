// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/token_keys.h"

#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/profile.h"
#include "http/client.h"
#include "json/parse.h"

namespace ajwt::app {
namespace {

constexpr std::size_t kMaxJwksBytes = 64 * 1024;

Result<json::Object> fetch_object(HttpClient& http, const std::string& url) {
  AJWT_TRY(check_plain_http(url));
  AJWT_ASSIGN(const HttpResponse response,
              http.send({.method = "GET", .url = url, .headers = {}, .body = {}}));
  if (response.status != 200) {
    return refuse(Code::k_response_malformed,
                  url + " answered " + std::to_string(response.status) + ".");
  }
  return json::parse_object(response.body);
}

// find_jwks_uri asks the issuer's metadata (RFC 8414 3), which must be about that very issuer.
Result<std::string> find_jwks_uri(HttpClient& http, const std::string& issuer) {
  AJWT_ASSIGN(const json::Object metadata,
              fetch_object(http, issuer + "/.well-known/oauth-authorization-server"));
  const std::string* uri = metadata.find_string("jwks_uri");
  if (metadata.text("issuer") != issuer || uri == nullptr) {
    return refuse(Code::k_response_malformed, "The metadata of " + issuer + " is another's.");
  }
  return *uri;
}

}  // namespace

void declare_jwks(CLI::App& command, TokenKeyOptions& options) {
  command.add_option("--jwks", options.jwks, "The issuer's keys; default: what its metadata names")
      ->type_name("FILE|URL");
}

Result<std::string> read_token(const std::string& argument, const TokenKeyOptions& keys) {
  if (argument == "-" && keys.jwks == "-") {
    return refuse(Code::k_parameter_malformed, "Only one input can be standard input.");
  }
  return read_token_input(argument);
}

Result<jose::KeySet> load_token_keys(const TokenKeyOptions& options, const std::string& issuer) {
  const bool is_url = options.jwks.starts_with("http://") || options.jwks.starts_with("https://");
  if (!options.jwks.empty() && !is_url) {
    AJWT_ASSIGN(const std::string text, read_input(options.jwks, kMaxJwksBytes));
    AJWT_ASSIGN(const json::Object set, json::parse_object(text));
    return jose::parse_jwks(set);
  }
  http::CurlClient http({.ca_file = options.ca_file});
  std::string url = options.jwks;
  if (url.empty()) {
    AJWT_ASSIGN(url, find_jwks_uri(http, issuer));
  }
  AJWT_ASSIGN(const json::Object set, fetch_object(http, url));
  return jose::parse_jwks(set);
}

}  // namespace ajwt::app
