// SPDX-License-Identifier: Apache-2.0
//
// The load generator's side of HTTP: requests that are bytes already, over connections that stay
// open, each sent when the answer before has come.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ajwt::bench {

// Field is one header field.
using Field = std::pair<std::string, std::string>;

// write_request returns the bytes of a request to 127.0.0.1:port.
std::string write_request(std::string_view method, std::string_view path, std::uint16_t port,
                          const std::vector<Field>& fields, std::string_view body);

// Measured is what a round of requests took.
struct Measured {
  std::vector<std::chrono::nanoseconds> latencies;  // of each request, unordered
  std::chrono::nanoseconds elapsed{};
  std::size_t refused = 0;  // answers other than 2xx
  std::string first_refusal;
  std::string sample;  // the last answer of a connection, whole
};

// send_all sends the requests over `connections` connections to a port on loopback, a thread each.
// Ends the program when a connection breaks.
Measured send_all(std::uint16_t port, const std::vector<std::string>& requests,
                  std::size_t connections);

}  // namespace ajwt::bench
