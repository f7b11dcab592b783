// SPDX-License-Identifier: Apache-2.0
//
// What commands read: files, or standard input where the name is "-"; always bounded.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::app {

inline constexpr std::size_t kMaxDocumentBytes = 1024 * 1024;
inline constexpr std::size_t kMaxTokenInputBytes = 64 * 1024;

// read_input reads a file, or standard input for "-". Refuses k_io_failed, naming the file, and
// k_limit_exceeded.
Result<std::string> read_input(const std::string& name, std::size_t max_bytes = kMaxDocumentBytes);

// read_json_input reads a JSON object in the same way; refuses also what json::parse_object does,
// naming the file.
Result<json::Object> read_json_input(const std::string& name);

// read_token_input returns `argument`, or for "-" the first word of standard input. Refuses
// k_limit_exceeded, and k_parameter_malformed for an empty one.
Result<std::string> read_token_input(const std::string& argument);

}  // namespace ajwt::app
