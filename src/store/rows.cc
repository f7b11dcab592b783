// SPDX-License-Identifier: Apache-2.0
#include "store/rows.h"

#include <utility>

#include "jose/jwk.h"
#include "json/parse.h"
#include "json/write.h"

namespace ajwt::store {

namespace {

// What we wrote ourselves may be larger than what we read from others.
constexpr json::Limits kOwnText{.max_bytes = 64 * 1024 * 1024, .max_depth = 64};

}  // namespace

Error unreadable(std::string_view column) {
  return refuse(Code::k_store_damaged)
      .with_detail("the database holds a value that cannot be read: " + std::string(column));
}

Result<ChecksumProfile> parse_profile(std::string_view text) {
  if (const auto profile = find_checksum_profile(text)) return *profile;
  return unreadable("profile");
}

Result<json::Object> parse_document(std::string_view text, std::string_view column) {
  auto object = json::parse_object(text, kOwnText);
  if (!object) return unreadable(column);
  return object;
}

std::string write_key(const crypto::PublicKey& key) { return json::write(jose::to_json(key)); }

Result<crypto::PublicKey> parse_key(std::string_view text) {
  AJWT_ASSIGN(const json::Object object, parse_document(text, "public_key"));
  auto jwk = jose::parse_jwk(object);
  if (!jwk) return unreadable("public_key");
  return std::move(jwk->key);
}

std::string write_list(const std::vector<std::string>& list) {
  return json::write(json::string_array(list));
}

Result<std::vector<std::string>> parse_list(std::string_view text) {
  const auto value = json::parse(text, kOwnText);
  const json::Array* array = value ? value->find_array() : nullptr;
  if (array == nullptr) return unreadable("list");
  std::vector<std::string> list;
  list.reserve(array->size());
  for (const json::Value& each : *array) {
    const std::string* string = each.find_string();
    if (string == nullptr) return unreadable("list");
    list.push_back(*string);
  }
  return list;
}

std::string write_permissions(const Grant& grant) { return json::write(to_json(grant)); }

Result<Grant> parse_permissions(std::string_view text) {
  const auto value = json::parse(text, kOwnText);
  const json::Array* array = value ? value->find_array() : nullptr;
  if (array == nullptr) return unreadable("permissions");
  auto grant = parse_grant(*array);
  if (!grant) return unreadable("permissions");
  return grant;
}

std::string write_definition(const Workflow& workflow) { return json::write(to_json(workflow)); }

Result<Workflow> parse_definition(std::string_view text) {
  AJWT_ASSIGN(const json::Object object, parse_document(text, "workflow definition"));
  auto workflow = parse_workflow(object);
  if (!workflow) return unreadable("workflow definition");
  return workflow;
}

}  // namespace ajwt::store
