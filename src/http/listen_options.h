// SPDX-License-Identifier: Apache-2.0
//
// What every listening part of this folder is told: where, with which certificate, and within
// which bounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "http/gate.h"

namespace ajwt::http {

// TlsFiles names PEM files: the certificate with its chain, and the private key.
struct TlsFiles {
  std::string certificate_chain;
  std::string private_key;
};

// ListenOptions says where to listen and how much of a client to endure. Numbers of threads that
// are 0 follow the number of processors.
struct ListenOptions {
  std::string address = "127.0.0.1";  // a numeric IPv4 or IPv6 address
  std::uint16_t port = 0;             // 0 = any free one
  std::optional<TlsFiles> tls;        // TLS 1.2 and 1.3; none = plain HTTP

  HeadLimits head_limits;
  std::size_t max_connections = 10000;  // in all; more are closed at once

  std::chrono::milliseconds header_timeout{10000};  // TLS handshake; from a request's first byte on
  std::chrono::milliseconds body_timeout{30000};    // a whole small body; between reads of a stream
  std::chrono::milliseconds idle_timeout{60000};    // between requests
  std::chrono::milliseconds write_timeout{30000};   // a client that does not take its answer
  std::chrono::milliseconds drain_timeout{10000};   // stop() waits so long for running requests

  std::size_t io_threads = 0;
  std::size_t worker_threads = 0;
  std::size_t max_queued = 1024;  // requests that wait for a worker; more are answered with 503
};

}  // namespace ajwt::http
