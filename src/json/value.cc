// SPDX-License-Identifier: Apache-2.0
#include "json/value.h"

#include <algorithm>

#include "base/check.h"

namespace ajwt::json {

Object::Object() = default;
Object::Object(std::initializer_list<Member> members) {
  members_.reserve(members.size());
  for (const auto& member : members) set(member.name, member.value);
}
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

void Object::set(std::string_view name, Value value) {
  const auto member = std::find_if(members_.begin(), members_.end(),
                                   [&](const Member& m) { return m.name == name; });
  if (member != members_.end()) {
    member->value = std::move(value);
  } else {
    append(name, std::move(value));
  }
}

void Object::append(std::string_view name, Value value) {
  members_.emplace_back(name, std::move(value));
}

void Object::append(Member member) { members_.push_back(std::move(member)); }

void Object::remove(std::string_view name) {
  std::erase_if(members_, [&](const Member& m) { return m.name == name; });
}

const Value* Object::find(std::string_view name) const {
  for (const auto& member : members_) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

const std::string* Object::find_string(std::string_view name) const {
  const Value* value = find(name);
  return value == nullptr ? nullptr : value->find_string();
}

const std::int64_t* Object::find_integer(std::string_view name) const {
  const Value* value = find(name);
  return value == nullptr ? nullptr : value->find_integer();
}

const Object* Object::find_object(std::string_view name) const {
  const Value* value = find(name);
  return value == nullptr ? nullptr : value->find_object();
}

const Array* Object::find_array(std::string_view name) const {
  const Value* value = find(name);
  return value == nullptr ? nullptr : value->find_array();
}

std::string Object::text(std::string_view name) const {
  const std::string* value = find_string(name);
  return value == nullptr ? std::string() : *value;
}

bool Object::empty() const { return members_.empty(); }
std::size_t Object::size() const { return members_.size(); }

bool operator==(const Object& a, const Object& b) { return a.members_ == b.members_; }

bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }

bool Value::as_boolean() const {
  AJWT_CHECK(type() == Type::kBoolean);
  return std::get<bool>(data_);
}

std::int64_t Value::as_integer() const {
  AJWT_CHECK(type() == Type::kInteger);
  return std::get<std::int64_t>(data_);
}

double Value::as_double() const {
  if (const auto* integer = find_integer()) return static_cast<double>(*integer);
  AJWT_CHECK(type() == Type::kDouble);
  return std::get<double>(data_);
}

const std::string& Value::as_string() const {
  AJWT_CHECK(type() == Type::kString);
  return std::get<std::string>(data_);
}

const Array& Value::as_array() const {
  AJWT_CHECK(type() == Type::kArray);
  return std::get<Array>(data_);
}

const Object& Value::as_object() const {
  AJWT_CHECK(type() == Type::kObject);
  return std::get<Object>(data_);
}

Array string_array(const std::vector<std::string>& strings) {
  return Array(strings.begin(), strings.end());
}

}  // namespace ajwt::json
