// SPDX-License-Identifier: Apache-2.0
//
// Checksums and proofs.
#include <cstdint>
#include <optional>
#include <string>

#include "apps/ajwt-driver/ops.h"
#include "base/clock.h"
#include "protocol/agent_checksum.h"
#include "protocol/proof.h"

namespace ajwt::driver {
namespace {

// The short name that vectors use.
constexpr std::string_view kStrictProfile = "strict";
constexpr std::int64_t kEndOfYear9999 = 253402300799;

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

Result<Instant> get_now(json::Members& request) {
  AJWT_ASSIGN(const auto now, request.find_integer("now"));
  if (!now) return SystemClock().now();
  if (*now < 0 || *now > kEndOfYear9999) return refuse(Code::k_parameter_malformed);
  return from_unix(*now);
}

// query_of returns what stands between '?' and '#'.
std::string_view query_of(std::string_view uri) {
  uri = uri.substr(0, uri.find('#'));
  const std::size_t mark = uri.find('?');
  return mark == std::string_view::npos ? std::string_view() : uri.substr(mark + 1);
}

}  // namespace

Result<json::Object> checksum(json::Members& request) {
  AJWT_ASSIGN(const std::string name, request.get_string("profile"));
  const auto profile =
      name == kStrictProfile ? ChecksumProfile::kStrictSha256 : find_checksum_profile(name);
  if (!profile) return refuse(Code::k_parameter_malformed);
  AJWT_ASSIGN(const json::Object* components, request.get_object("agent_components"));
  AJWT_ASSIGN(const AgentDefinition definition, parse_agent_components(*components));
  AJWT_ASSIGN(std::string text, compute_agent_checksum(definition, *profile));
  return json::Object{{"checksum", std::move(text)},
                      {"normalized_prompt", normalize_prompt(definition.prompt_template)}};
}

Result<json::Object> verify_dpop(json::Members& request) {
  AJWT_ASSIGN(const std::string proof, request.get_string("proof"));
  AJWT_ASSIGN(const std::string method, request.get_string("method"));
  AJWT_ASSIGN(const std::string uri, request.get_string("uri"));
  AJWT_ASSIGN(const auto access_token, request.find_string("access_token"));
  AJWT_ASSIGN(const auto nonce, request.find_string("nonce"));
  AJWT_ASSIGN(const auto jkt, request.find_string("jkt"));
  AJWT_ASSIGN(const Instant now, get_now(request));
  const ProofFacts facts{.method = method,
                         .uri = uri,
                         .now = now,
                         .nonces = nullptr,
                         .exact_nonce = view_of(nonce),
                         .access_token = view_of(access_token),
                         .jkt = view_of(jkt),
                         .binding = ProofFacts::Binding::kIfPresent,
                         .query = query_of(uri)};
  AJWT_ASSIGN(const VerifiedProof verified,
              verify_dpop_proof(proof, facts, jose::AlgorithmSet::all()));
  return json::Object{{"jkt", verified.jkt()}};
}

}  // namespace ajwt::driver
