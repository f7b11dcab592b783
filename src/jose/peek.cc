// SPDX-License-Identifier: Apache-2.0
#include "jose/peek.h"

#include "jose/base64url.h"
#include "json/parse.h"

namespace ajwt::jose {
namespace {

struct PeekedParts {
  std::string_view header;
  std::string_view payload;
};

Result<PeekedParts> split_for_peek(std::string_view jws, std::size_t max_bytes) {
  if (jws.size() > max_bytes) return refuse(Code::k_jws_too_large);
  const std::size_t first = jws.find('.');
  const std::size_t second = first == jws.npos ? jws.npos : jws.find('.', first + 1);
  if (second == jws.npos || jws.find('.', second + 1) != jws.npos) {
    return refuse(Code::k_jws_malformed, "A compact JWS has three parts with dots between them.");
  }
  return PeekedParts{jws.substr(0, first), jws.substr(first + 1, second - first - 1)};
}

Result<json::Object> decode_part(std::string_view part, std::size_t max_bytes) {
  AJWT_ASSIGN(const Bytes bytes, decode_base64url(part));
  return json::parse_object(as_text(bytes), {.max_bytes = max_bytes});
}

}  // namespace

Result<json::Object> peek_header(std::string_view jws, std::size_t max_bytes) {
  AJWT_ASSIGN(const PeekedParts parts, split_for_peek(jws, max_bytes));
  return decode_part(parts.header, max_bytes);
}

Result<json::Object> peek_payload(std::string_view jws, std::size_t max_bytes) {
  AJWT_ASSIGN(const PeekedParts parts, split_for_peek(jws, max_bytes));
  return decode_part(parts.payload, max_bytes);
}

}  // namespace ajwt::jose
