// SPDX-License-Identifier: Apache-2.0
//
// The library call alone: verify_access_token beside jose's jwtVerify, over the same tokens.
#pragma once

#include <cstddef>

#include "bench/peers/node_process.h"

namespace ajwt::bench {

// measure_library prints a table: CPU time of a verification by either, for EdDSA and ES256, in
// rounds that take turns, the first of which is left out.
void measure_library(const Node& node, const Processors& processors, std::size_t rounds,
                     std::size_t verifications);

}  // namespace ajwt::bench
