// SPDX-License-Identifier: Apache-2.0
//
// The server behind a management address: health and metrics for operators, apart from what
// clients reach.
#pragma once

#include "http/listen_address.h"
#include "http/server.h"

namespace ajwt::http {

// management_options returns options for a server that a prober and a scraper or two ask: few
// threads and connections, no bodies. TLS is the caller's to decide.
inline ServerOptions management_options(const ListenAddress& at) {
  ServerOptions options;
  options.address = at.address;
  options.port = at.port;
  options.io_threads = 1;
  options.worker_threads = 2;
  options.max_connections = 64;
  options.max_body_bytes = 0;
  return options;
}

}  // namespace ajwt::http
