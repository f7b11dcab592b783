// SPDX-License-Identifier: Apache-2.0
//
// Reasons: the closed list of ways in which ajwt refuses or fails, made from reasons.def. The code
// is public and stable; OAuth error, HTTP status, sentence and metric label are columns of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ajwt {

// Code names one reason. Its number is stable and is what a C ABI or a log may store.
enum class Code : std::uint16_t {
#define AJWT_REASON(name, number, klass, oauth, http, sentence, source) k_##name = number,
#include "base/reasons.def"
#undef AJWT_REASON
};

// ReasonClass tells a refusal (the input breaks a rule) from a failure (our world broke).
enum class ReasonClass { kRefusal, kFailure };

// Reason is one row of the table; all views are to static storage.
struct Reason {
  Code code;
  std::string_view name;  // "agent_checksum_mismatch": log field, metric label, docs anchor
  ReasonClass klass;
  std::string_view oauth_error;  // the wire's `error`; empty = no error code (RFC 6750 3.1)
  int http_status;
  std::string_view sentence;  // safe for any caller
  std::string_view source;    // specification section
};

// reason_of returns the row of `code`. Total over Code.
const Reason& reason_of(Code code);

// all_reasons returns the whole table in order of number.
std::span<const Reason> all_reasons();

// find_reason returns the row with this name, if any.
std::optional<Reason> find_reason(std::string_view name);

}  // namespace ajwt
