// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/token_requests.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "bench/load/client.h"
#include "bench/load/services.h"
#include "bench/load/setup.h"
#include "bench/must.h"
#include "crypto/random.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/access_token.h"
#include "protocol/names.h"
#include "protocol/proof.h"

namespace ajwt::bench {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

// encode_form escapes everything but unreserved characters (RFC 3986 2.3).
std::string encode_form(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
    }
  }
  return encoded;
}

std::string client_assertion(const TokenServer& server, const TokenClient& client) {
  const Instant now = SystemClock().now();
  const json::Object claims{{"iss", client.client_id}, {"sub", client.client_id},
                            {"aud", server.issuer()},  {"jti", crypto::random_token(16)},
                            {"iat", to_unix(now)},     {"exp", to_unix(now + Seconds(60))}};
  return must(jose::sign_jws(json::write(claims), *client.key, {}));
}

std::string token_form(const TokenServer& server, const TokenClient& client) {
  std::string form = "grant_type=client_credentials&scope=" + encode_form(kServiceScope) +
                     "&resource=" + encode_form(kAudience);
  if (!client.key) return form;
  return form + "&client_assertion_type=" + encode_form(names::kJwtBearerAssertion) +
         "&client_assertion=" + client_assertion(server, client);
}

std::vector<Field> token_fields(const TokenServer& server, const TokenClient& client,
                                const crypto::PrivateKey& agent,
                                std::optional<std::string_view> nonce) {
  std::vector<Field> fields{{"Content-Type", std::string(kFormType)}};
  if (!client.key) {
    fields.emplace_back("Authorization", basic_authorization(client.client_id, client.secret));
  }
  const std::string uri = server.issuer() + server.token_path;
  const std::string jti = crypto::random_token(16);
  fields.emplace_back(
      "DPoP",
      must(build_dpop_proof(
          agent,
          {.method = "POST", .uri = uri, .jti = jti, .now = SystemClock().now(), .nonce = nonce})));
  return fields;
}

// ask_nonce sends a proof without one, as a client that comes for the first time does.
std::string ask_nonce(HttpClient& http, const TokenServer& server, const TokenClient& client,
                      const crypto::PrivateKey& agent) {
  HttpCall call{.method = "POST",
                .url = server.issuer() + server.token_path,
                .headers = {},
                .body = token_form(server, client)};
  for (auto& [name, value] : token_fields(server, client, agent, std::nullopt)) {
    call.headers.add(name, value);
  }
  const HttpResponse response = must(http.send(call));
  const auto nonce = response.headers.find(names::kDpopNonce);
  AJWT_CHECK(response.status == 400 && nonce.has_value());
  return std::string(*nonce);
}

jose::KeySet keys_of(HttpClient& http, const TokenServer& server) {
  const HttpResponse response = must(http.send(
      {.method = "GET", .url = server.issuer() + server.jwks_path, .headers = {}, .body = {}}));
  return must(jose::parse_jwks(must(json::parse_object(response.body))));
}

std::string text_in(const json::Object& object, std::string_view member) {
  const json::Value* value = object.find(member);
  return value == nullptr || value->find_string() == nullptr ? std::string() : value->as_string();
}

[[noreturn]] void not_a_token(std::string_view why, const std::string& answer) {
  std::fprintf(stderr, "bench: an answer is no good token (%.*s):\n%s\n",
               static_cast<int>(why.size()), why.data(), answer.c_str());
  std::exit(1);
}

}  // namespace

std::vector<std::string> make_token_requests(HttpClient& http, const TokenServer& server,
                                             const TokenClient& client,
                                             const crypto::PrivateKey& agent, std::size_t count) {
  const std::string nonce = ask_nonce(http, server, client, agent);
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < count; ++i) {
    requests.push_back(write_request("POST", server.token_path, server.port,
                                     token_fields(server, client, agent, nonce),
                                     token_form(server, client)));
  }
  return requests;
}

void check_token_answer(HttpClient& http, const TokenServer& server, const crypto::PublicKey& agent,
                        const std::string& answer) {
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string::npos) not_a_token("no answer", answer);
  const json::Object body = must(json::parse_object(answer.substr(head + 4)));
  const std::string token = text_in(body, names::kAccessToken);
  jose::UnverifiedJws unverified = must(jose::UnverifiedJws::parse(token, kMaxTokenBytes));
  const jose::JwsHeader& header = unverified.header();
  if (header.typ != names::kTypAccessToken || !header.kid) not_a_token("header", answer);
  const jose::Jwk key = must(keys_of(http, server).find(*header.kid, header.alg));
  const auto verified =
      must(jose::VerifiedJws::verify(std::move(unverified), key, {jose::Algorithm::kEdDSA}));
  const json::Object claims = must(json::parse_object(as_text(verified.payload())));
  const json::Value* confirmation = claims.find(names::kCnf);
  const json::Value* end = claims.find(names::kExp);
  if (text_in(claims, names::kIss) != server.issuer()) not_a_token("issuer", answer);
  if (text_in(claims, names::kAud) != kAudience) not_a_token("audience", answer);
  if (text_in(claims, names::kScope) != kServiceScope) not_a_token("scope", answer);
  if (end == nullptr || end->as_integer() <= to_unix(SystemClock().now())) {
    not_a_token("end", answer);
  }
  if (confirmation == nullptr ||
      text_in(confirmation->as_object(), names::kJkt) != jose::thumbprint(agent)) {
    not_a_token("key", answer);
  }
}

}  // namespace ajwt::bench
