// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/answer.h"

#include <algorithm>
#include <string>

namespace ajwt::app {

Result<json::Array> get_rows(const json::Object& answer, std::string_view name) {
  const json::Value* value = answer.find(name);
  const bool rows =
      value != nullptr && value->find_array() != nullptr &&
      std::all_of(value->as_array().begin(), value->as_array().end(),
                  [](const json::Value& row) { return row.find_object() != nullptr; });
  if (!rows) return refuse(Code::k_response_malformed, "It has no rows " + std::string(name) + ".");
  return value->as_array();
}

}  // namespace ajwt::app
