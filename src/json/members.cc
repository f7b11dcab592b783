// SPDX-License-Identifier: Apache-2.0
#include "json/members.h"

#include <algorithm>

namespace ajwt::json {
namespace {

// A name that came from outside goes into an error_description (RFC 6749 5.2): only characters
// that are allowed there, and not at any length.
std::string printable(std::string_view name) {
  const bool plain = name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
                       return c > ' ' && c <= '~' && c != '"' && c != '\\';
                     });
  return plain ? std::string(name) : std::string("(not printable)");
}

Error wrong_type(std::string_view name, std::string_view expected) {
  return refuse(Code::k_json_wrong_type,
                "Member " + std::string(name) + " must be " + std::string(expected) + ".");
}

Error missing(std::string_view name) {
  return refuse(Code::k_json_missing_member, "Member " + std::string(name) + ".");
}

}  // namespace

const Value* Members::find_any(std::string_view name) {
  asked_.emplace(name);
  return object_.find(name);
}

Result<std::optional<std::string>> Members::find_string(std::string_view name) {
  const Value* value = find_any(name);
  if (value == nullptr) return std::optional<std::string>();
  const std::string* text = value->find_string();
  if (text == nullptr) return wrong_type(name, "a string");
  return std::optional<std::string>(*text);
}

Result<std::string> Members::get_string(std::string_view name) {
  AJWT_ASSIGN(auto text, find_string(name));
  if (!text) return missing(name);
  return *std::move(text);
}

Result<std::optional<std::int64_t>> Members::find_integer(std::string_view name) {
  const Value* value = find_any(name);
  if (value == nullptr) return std::optional<std::int64_t>();
  const std::int64_t* integer = value->find_integer();
  if (integer == nullptr) return wrong_type(name, "an integer");
  return std::optional<std::int64_t>(*integer);
}

Result<std::int64_t> Members::get_integer(std::string_view name) {
  AJWT_ASSIGN(const auto integer, find_integer(name));
  if (!integer) return missing(name);
  return *integer;
}

Result<std::optional<bool>> Members::find_boolean(std::string_view name) {
  const Value* value = find_any(name);
  if (value == nullptr) return std::optional<bool>();
  const bool* boolean = value->find_boolean();
  if (boolean == nullptr) return wrong_type(name, "true or false");
  return std::optional<bool>(*boolean);
}

Result<const Object*> Members::find_object(std::string_view name) {
  const Value* value = find_any(name);
  if (value == nullptr) return static_cast<const Object*>(nullptr);
  const Object* object = value->find_object();
  if (object == nullptr) return wrong_type(name, "an object");
  return object;
}

Result<const Object*> Members::get_object(std::string_view name) {
  AJWT_ASSIGN(const Object* object, find_object(name));
  if (object == nullptr) return missing(name);
  return object;
}

Result<const Array*> Members::find_array(std::string_view name) {
  const Value* value = find_any(name);
  if (value == nullptr) return static_cast<const Array*>(nullptr);
  const Array* array = value->find_array();
  if (array == nullptr) return wrong_type(name, "an array");
  return array;
}

Result<const Array*> Members::get_array(std::string_view name) {
  AJWT_ASSIGN(const Array* array, find_array(name));
  if (array == nullptr) return missing(name);
  return array;
}

Result<std::optional<std::vector<std::string>>> Members::find_strings(std::string_view name) {
  AJWT_ASSIGN(const Array* array, find_array(name));
  if (array == nullptr) return std::optional<std::vector<std::string>>();
  std::vector<std::string> strings;
  strings.reserve(array->size());
  for (const auto& value : *array) {
    const std::string* text = value.find_string();
    if (text == nullptr) return wrong_type(name, "an array of strings");
    strings.push_back(*text);
  }
  return std::optional<std::vector<std::string>>(std::move(strings));
}

Result<std::vector<std::string>> Members::get_strings(std::string_view name) {
  AJWT_ASSIGN(auto strings, find_strings(name));
  if (!strings) return missing(name);
  return *std::move(strings);
}

Status Members::check_no_others() const {
  for (const auto& member : object_.members()) {
    if (asked_.find(member.name) == asked_.end()) {
      return refuse(Code::k_json_unknown_member, "Member " + printable(member.name) + ".");
    }
  }
  return ok();
}

Error as_malformed(Error error, Code code) {
  if (error.code() == Code::k_json_missing_member || error.code() == Code::k_json_wrong_type) {
    return refuse(code, error.message());
  }
  return error;
}

}  // namespace ajwt::json
