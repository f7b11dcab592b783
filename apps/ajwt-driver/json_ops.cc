// SPDX-License-Identifier: Apache-2.0
//
// JSON texts and numbers.
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include "apps/ajwt-driver/base64.h"
#include "apps/ajwt-driver/driver.h"
#include "apps/ajwt-driver/ops.h"
#include "jose/base64.h"
#include "json/parse.h"
#include "json/write.h"

namespace ajwt::driver {
namespace {

constexpr std::size_t kDoubleDigits = 16;

Result<Bytes> get_input(json::Members& request) {
  AJWT_ASSIGN(const std::string text, request.get_string("in"));
  return decode_base64(text);
}

}  // namespace

Result<json::Object> canonicalize(json::Members& request) {
  AJWT_ASSIGN(const Bytes input, get_input(request));
  AJWT_ASSIGN(const json::Value value,
              json::parse(as_text(input), json::Limits{.max_bytes = kMaxLineBytes}));
  AJWT_ASSIGN(const std::string canonical, json::write_jcs(value));
  return json::Object{{"out", jose::encode_base64(canonical)}};
}

Result<json::Object> write_number(json::Members& request) {
  AJWT_ASSIGN(const std::string hex, request.get_string("hex"));
  if (hex.empty() || hex.size() > kDoubleDigits) return refuse(Code::k_value_malformed);
  const auto bytes = parse_hex(std::string(kDoubleDigits - hex.size(), '0') + hex);
  if (!bytes) return refuse(Code::k_value_malformed);
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : *bytes) bits = (bits << 8) | byte;
  const auto number = std::bit_cast<double>(bits);
  if (!std::isfinite(number)) return refuse(Code::k_json_number_range);
  return json::Object{{"out", json::write_number(number)}};
}

Result<json::Object> parse_json(json::Members& request) {
  AJWT_ASSIGN(const Bytes input, get_input(request));
  AJWT_ASSIGN(const json::Value value, json::parse(as_text(input)));
  const auto canonical = json::write_jcs(value);
  if (!canonical) return json::Object();
  return json::Object{{"out", jose::encode_base64(*canonical)}};
}

}  // namespace ajwt::driver
