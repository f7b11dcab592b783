// SPDX-License-Identifier: Apache-2.0
//
// What commands read about a guard: its file, and requests to it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/guard_options.h"

namespace ajwt::app {

// load_guard_config reads the file of `ajwt guard`. Refuses k_configuration_refused with the place
// of what is wrong.
Result<gateway::GuardOptions> load_guard_config(const std::string& path);

// RequestLine is a request as a person writes it: "POST https://api.example/orders?x=1".
struct RequestLine {
  std::string method;
  std::string origin;  // "https://api.example"; empty where a path alone was given
  std::string path;
  std::string query;  // without '?'
};

// parse_request_line reads a method, one space, and a path or an absolute http(s) URL. Refuses
// k_parameter_malformed.
Result<RequestLine> parse_request_line(std::string_view text);

}  // namespace ajwt::app
