// SPDX-License-Identifier: Apache-2.0
//
// application/x-www-form-urlencoded, strictly: the form door's bodies, queries, and the parts of
// HTTP Basic credentials (RFC 6749 appendix B).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ajwt::authority {

inline constexpr std::size_t kMaxFormParameters = 64;

// Form is the parameters in the order of the text, decoded.
class Form {
 public:
  // parse decodes `text`. Refuses k_parameter_malformed: a parameter without '=' or without a
  // name, bad percent-escapes, characters that are not printable ASCII, decoded text that is not
  // UTF-8 or has a NUL, more than kMaxFormParameters. Empty text is an empty form.
  static Result<Form> parse(std::string_view text);

  // check_no_repeats refuses k_parameter_duplicated for a name given twice, but for those in
  // `repeatable` (RFC 6749 3.2).
  Status check_no_repeats(std::initializer_list<std::string_view> repeatable) const;

  // find returns the first parameter of that name, or nothing; a parameter without a value counts
  // as one that was left out (RFC 6749 3.2). The view lives as long as the form.
  std::optional<std::string_view> find(std::string_view name) const;
  // get is find; refuses k_parameter_missing.
  Result<std::string_view> get(std::string_view name) const;
  // all returns every value of that name that is not empty.
  std::vector<std::string_view> all(std::string_view name) const;
  // has tells whether the name is there at all, be its value empty.
  bool has(std::string_view name) const;

  const std::vector<std::pair<std::string, std::string>>& parameters() const { return parameters_; }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

// PlusSign: in forms '+' is a space; in paths it is itself.
enum class PlusSign { kSpace, kPlus };

// decode_percent returns the text with its escapes decoded, or nothing if one is malformed.
std::optional<std::string> decode_percent(std::string_view text, PlusSign plus);

}  // namespace ajwt::authority
