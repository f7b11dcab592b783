// SPDX-License-Identifier: Apache-2.0
//
// Claims: reads the claims of a payload whose signature has been verified.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "json/value.h"

namespace ajwt {

// is_sha256_base64url tells whether text is 32 bytes in base64url: 43 digits, the last of which
// leaves no bits over.
bool is_sha256_base64url(std::string_view text);

// Claims reads one object of claims. `get_` refuses absence with the code `missing`, `find_` gives
// nullopt or null for it; both refuse another type with the code `malformed`. Messages name the
// claim. Claims that are not asked for are ignored (RFC 7519 4). The object must outlive the
// reader and every view that it returns.
class Claims {
 public:
  Claims(const json::Object& object, Code missing, Code malformed)
      : object_(object), missing_(missing), malformed_(malformed) {}

  // get_text, find_text and get_string read a string that is not empty; get_string copies it.
  Result<std::string_view> get_text(std::string_view name) const;
  Result<std::optional<std::string_view>> find_text(std::string_view name) const;
  Result<std::string> get_string(std::string_view name) const;
  // get_id reads an identifier of type T.
  template <class T>
  Result<T> get_id(std::string_view name) const {
    AJWT_ASSIGN(const auto text, get_text(name));
    auto id = T::parse(text);
    if (!id) return malformed(name);
    return id;
  }
  Result<std::int64_t> get_integer(std::string_view name) const;
  // get_time reads a NumericDate in whole seconds, from 1970 to the end of the year 9999: no sum
  // of such a time and a skew overflows.
  Result<Instant> get_time(std::string_view name) const;
  Result<const json::Object*> get_object(std::string_view name) const;
  Result<const json::Object*> find_object(std::string_view name) const;
  Result<const json::Array*> get_array(std::string_view name) const;
  bool contains(std::string_view name) const { return object_.contains(name); }

  Error missing(std::string_view name) const;
  Error malformed(std::string_view name) const;

 private:
  const json::Object& object_;
  Code missing_;
  Code malformed_;
};

}  // namespace ajwt
