// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/nonce_book.h"

#include <algorithm>

#include "json/parse.h"
#include "protocol/names.h"
#include "protocol/uri.h"

namespace ajwt::shim {
namespace {

constexpr std::size_t kMaxOrigins = 256;
constexpr std::size_t kMaxNonceBytes = 512;
constexpr std::string_view kUseDpopNonce = "use_dpop_nonce";

std::string lowercase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

// is_nonce tells whether text is made of NQCHAR (RFC 9449 8.1), as what we repeat must be.
bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNonceBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x21 && c <= 0x7e && c != '"' && c != '\\'; });
}

// error_of returns the error parameter of a DPoP challenge, or "" if it has none: its parameters
// are read as RFC 9110 11.6.1 writes them, so that no text within another one passes for it.
std::string_view error_of(std::string_view challenge) {
  constexpr std::string_view kBetween = " \t,";
  challenge.remove_prefix(std::min(challenge.size(), names::kDpop.size()));
  for (;;) {
    challenge.remove_prefix(std::min(challenge.size(), challenge.find_first_not_of(kBetween)));
    const std::size_t equals = challenge.find('=');
    if (equals == challenge.npos || !challenge.substr(equals + 1).starts_with('"')) return {};
    const std::string_view name = challenge.substr(0, equals);
    const std::string_view value = challenge.substr(equals + 2);
    std::size_t end = 0;
    while (end < value.size() && value[end] != '"') end += value[end] == '\\' ? 2 : 1;
    if (end >= value.size()) return {};
    if (equal_ignoring_case(name, names::kError)) return value.substr(0, end);
    challenge = value.substr(end + 1);
  }
}

bool has_challenge(const HttpResponse& response, std::string_view error) {
  for (const std::string_view field : response.headers.all(names::kWwwAuthenticate)) {
    const std::string_view scheme = field.substr(0, field.find(' '));
    if (equal_ignoring_case(scheme, names::kDpop) && error_of(field) == error) return true;
  }
  return false;
}

}  // namespace

Result<std::string> origin_of(std::string_view uri) {
  const auto parts = parse_http_uri(uri);
  if (!parts) return refuse(Code::k_value_malformed, "An absolute http or https URL is needed.");
  const std::string scheme = lowercase(parts->scheme);
  const std::string_view standard_port = scheme == "https" ? "443" : "80";
  const std::string_view port = parts->port.empty() ? standard_port : parts->port;
  return scheme + "://" + lowercase(parts->host) + ":" + std::string(port);
}

std::optional<std::string> NonceBook::find(const std::string& origin) const {
  const std::lock_guard lock(mutex_);
  const auto found = nonces_.find(origin);
  if (found == nonces_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> NonceBook::remember(const std::string& origin,
                                               const HttpResponse& response) {
  const auto nonce = response.headers.find(names::kDpopNonce);
  if (!nonce || !is_nonce(*nonce)) return std::nullopt;
  std::string text(*nonce);
  const std::lock_guard lock(mutex_);
  // Forgetting a nonce costs one round trip, no more.
  if (nonces_.size() >= kMaxOrigins && !nonces_.contains(origin)) nonces_.clear();
  nonces_[origin] = text;
  return text;
}

bool has_error(const HttpResponse& response, Server server, std::string_view error) {
  // RFC 9449 9, RFC 6750 3.1: a guard refuses by 401 and a challenge. What the application behind
  // it writes into its body is no word of the guard's.
  if (server == Server::kResource) return response.status == 401 && has_challenge(response, error);
  if (response.status != 400 && response.status != 401) return false;
  if (has_challenge(response, error)) return true;
  const auto body = json::parse_object(response.body);
  if (!body) return false;
  const json::Value* member = body->find(names::kError);
  return member != nullptr && member->find_string() != nullptr && member->as_string() == error;
}

Result<HttpResponse> exchange(HttpClient& http, NonceBook& nonces, Server server,
                              const std::string& origin, const BuildCall& build) {
  AJWT_ASSIGN(const HttpCall first, build(nonces.find(origin)));
  AJWT_ASSIGN(HttpResponse response, http.send(first));
  const auto nonce = nonces.remember(origin, response);
  if (!nonce || !has_error(response, server, kUseDpopNonce)) return response;
  AJWT_ASSIGN(const HttpCall second, build(nonce));
  AJWT_ASSIGN(HttpResponse answer, http.send(second));
  nonces.remember(origin, answer);
  return answer;
}

}  // namespace ajwt::shim
