// SPDX-License-Identifier: Apache-2.0
#include "protocol/claims.h"

#include "jose/base64url.h"

namespace ajwt {
namespace {

constexpr std::int64_t kEndOfYear9999 = 253402300799;
constexpr std::size_t kSha256Digits = 43;

}  // namespace

bool is_sha256_base64url(std::string_view text) {
  return text.size() == kSha256Digits && jose::decode_base64url(text).has_value();
}

Error Claims::missing(std::string_view name) const {
  return refuse(missing_, "Claim " + std::string(name) + ".");
}

Error Claims::malformed(std::string_view name) const {
  return refuse(malformed_, "Claim " + std::string(name) + ".");
}

Result<std::optional<std::string_view>> Claims::find_text(std::string_view name) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr) return std::optional<std::string_view>();
  const std::string* text = value->find_string();
  if (text == nullptr || text->empty()) return malformed(name);
  return std::optional<std::string_view>(*text);
}

Result<std::string_view> Claims::get_text(std::string_view name) const {
  AJWT_ASSIGN(const auto text, find_text(name));
  if (!text) return missing(name);
  return *text;
}

Result<std::string> Claims::get_string(std::string_view name) const {
  AJWT_ASSIGN(const auto text, get_text(name));
  return std::string(text);
}

Result<std::int64_t> Claims::get_integer(std::string_view name) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr) return missing(name);
  const std::int64_t* integer = value->find_integer();
  if (integer == nullptr) return malformed(name);
  return *integer;
}

Result<Instant> Claims::get_time(std::string_view name) const {
  AJWT_ASSIGN(const std::int64_t seconds, get_integer(name));
  if (seconds < 0 || seconds > kEndOfYear9999) return malformed(name);
  return from_unix(seconds);
}

Result<const json::Object*> Claims::find_object(std::string_view name) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr) return static_cast<const json::Object*>(nullptr);
  const json::Object* object = value->find_object();
  if (object == nullptr) return malformed(name);
  return object;
}

Result<const json::Object*> Claims::get_object(std::string_view name) const {
  AJWT_ASSIGN(const json::Object* object, find_object(name));
  if (object == nullptr) return missing(name);
  return object;
}

Result<const json::Array*> Claims::get_array(std::string_view name) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr) return missing(name);
  const json::Array* array = value->find_array();
  if (array == nullptr) return malformed(name);
  return array;
}

}  // namespace ajwt
