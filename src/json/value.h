// SPDX-License-Identifier: Apache-2.0
//
// JSON values. An object keeps its members in the order of the text (a workflow's steps depend on
// it) and never holds a name twice; integers are exact 64-bit values, apart from doubles.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ajwt::json {

class Value;
struct Member;
using Array = std::vector<Value>;

// Object is an ordered list of members with distinct names. Names and strings are UTF-8. Two
// objects are equal if they have equal members in the same order.
class Object {
 public:
  Object();
  Object(std::initializer_list<Member> members);
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;
  ~Object();

  // set appends a member, or replaces the value of the one with that name in place.
  void set(std::string_view name, Value value);
  // append adds a member without looking for its name; the caller knows that it is new.
  void append(std::string_view name, Value value);
  void append(Member member);
  void remove(std::string_view name);
  // find returns the member's value or null; valid until the next change.
  const Value* find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  // find_string and the like return the member's value, or null if it is absent or of another type;
  // valid until the next change. json::Members tells the two apart.
  const std::string* find_string(std::string_view name) const;
  const std::int64_t* find_integer(std::string_view name) const;
  const Object* find_object(std::string_view name) const;
  const Array* find_array(std::string_view name) const;
  // text returns a member that is a string, or an empty text.
  std::string text(std::string_view name) const;
  const std::vector<Member>& members() const { return members_; }
  bool empty() const;
  std::size_t size() const;
  friend bool operator==(const Object&, const Object&);

 private:
  std::vector<Member> members_;
};

// Type is what a Value holds. Integers are exact; a number with fraction or exponent is a double.
enum class Type { kNull, kBoolean, kInteger, kDouble, kString, kArray, kObject };

// Value is one JSON value. The `as_` functions require the matching type (a broken invariant
// otherwise); the `find_` functions return null on another type.
class Value {
 public:
  Value() : data_(nullptr) {}
  Value(std::nullptr_t) : data_(nullptr) {}
  // Of bool alone: a pointer, which would turn into true, does not compile.
  Value(std::same_as<bool> auto b) : data_(b) {}
  Value(int i) : data_(static_cast<std::int64_t>(i)) {}
  Value(std::int64_t i) : data_(i) {}
  Value(long long i) : data_(static_cast<std::int64_t>(i)) {}
  Value(double d) : data_(d) {}
  Value(const char* s) : data_(std::string(s)) {}
  Value(std::string_view s) : data_(std::string(s)) {}
  Value(std::string s) : data_(std::move(s)) {}
  Value(Array a) : data_(std::move(a)) {}
  Value(Object o) : data_(std::move(o)) {}

  Type type() const { return static_cast<Type>(data_.index()); }
  bool is_null() const { return type() == Type::kNull; }

  bool as_boolean() const;
  std::int64_t as_integer() const;
  double as_double() const;  // of kDouble or kInteger
  const std::string& as_string() const;
  const Array& as_array() const;
  const Object& as_object() const;

  const bool* find_boolean() const { return std::get_if<bool>(&data_); }
  const std::int64_t* find_integer() const { return std::get_if<std::int64_t>(&data_); }
  const std::string* find_string() const { return std::get_if<std::string>(&data_); }
  const Array* find_array() const { return std::get_if<Array>(&data_); }
  const Object* find_object() const { return std::get_if<Object>(&data_); }
  Array* find_array() { return std::get_if<Array>(&data_); }
  Object* find_object() { return std::get_if<Object>(&data_); }

  friend bool operator==(const Value&, const Value&);

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> data_;
};

// Member is one name and its value.
struct Member {
  template <typename Name>
  requires std::constructible_from<std::string, Name> Member(Name&& n, Value v)
      : name(std::forward<Name>(n)), value(std::move(v)) {}

  std::string name;
  Value value;
  friend bool operator==(const Member&, const Member&) = default;
};

// string_array makes an array of strings.
Array string_array(const std::vector<std::string>& strings);

}  // namespace ajwt::json
