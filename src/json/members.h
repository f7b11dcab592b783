// SPDX-License-Identifier: Apache-2.0
//
// Members: reads a JSON object of known shape, member by member, and refuses what is left over.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::json {

// Members reads one object. `get_` refuses absence (k_json_missing_member); `find_` gives nullopt
// or null for it; both refuse another type (k_json_wrong_type); messages name the member. An
// explicit null counts as another type. The object must outlive the reader and the pointers it
// returns.
class Members {
 public:
  explicit Members(const Object& object) : object_(object) {}

  Result<std::string> get_string(std::string_view name);
  Result<std::optional<std::string>> find_string(std::string_view name);
  Result<std::int64_t> get_integer(std::string_view name);
  Result<std::optional<std::int64_t>> find_integer(std::string_view name);
  Result<std::optional<bool>> find_boolean(std::string_view name);
  Result<const Object*> get_object(std::string_view name);
  Result<const Object*> find_object(std::string_view name);
  Result<const Array*> get_array(std::string_view name);
  Result<const Array*> find_array(std::string_view name);
  Result<std::vector<std::string>> get_strings(std::string_view name);
  Result<std::optional<std::vector<std::string>>> find_strings(std::string_view name);
  // find_any returns a member of any type, or null if absent.
  const Value* find_any(std::string_view name);

  // check_no_others refuses k_json_unknown_member if the object has a member that was not asked
  // for above.
  Status check_no_others() const;

 private:
  const Object& object_;
  std::set<std::string, std::less<>> asked_;
};

// as_malformed gives a refusal of absence or of type by Members the code of the document that was
// read; any other error stays what it is.
Error as_malformed(Error error, Code code);

}  // namespace ajwt::json
