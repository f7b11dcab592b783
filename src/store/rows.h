// SPDX-License-Identifier: Apache-2.0
//
// Records as columns: the texts under which keys, lists, grants and workflows stand in the
// database. The parse_ functions refuse k_store_damaged: what they read, we wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "authority/record_names.h"
#include "authority/records.h"
#include "base/result.h"
#include "crypto/key.h"
#include "protocol/scope.h"
#include "protocol/workflow.h"

namespace ajwt::store {

// unreadable is k_store_damaged for a value of a column.
Error unreadable(std::string_view column);

// parse_named reads an enumerator by its text (authority/record_names.h).
template <class E>
Result<E> parse_named(std::string_view text, std::string_view column) {
  if (const auto value = authority::find_named<E>(text)) return *value;
  return unreadable(column);
}
Result<ChecksumProfile> parse_profile(std::string_view text);

// parse_document reads a JSON object that we wrote, whatever its size.
Result<json::Object> parse_document(std::string_view text, std::string_view column);

std::string write_key(const crypto::PublicKey& key);
Result<crypto::PublicKey> parse_key(std::string_view text);

std::string write_list(const std::vector<std::string>& list);
Result<std::vector<std::string>> parse_list(std::string_view text);

std::string write_permissions(const Grant& grant);
Result<Grant> parse_permissions(std::string_view text);

std::string write_definition(const Workflow& workflow);
Result<Workflow> parse_definition(std::string_view text);

}  // namespace ajwt::store
