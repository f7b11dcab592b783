// SPDX-License-Identifier: Apache-2.0
//
// A resource server that has the guard as a library: an HTTP server whose handler asks the verifier
// and answers by itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bench/load/services.h"

namespace ajwt::bench {

// What its route takes.
inline constexpr std::string_view kRouteApp = "patch-fleet";
inline constexpr std::string_view kRouteWorkflow = "dependency-patching";
inline constexpr std::string_view kRouteStep = "apply_patch";

// TokenMemory: a server of either kind. kUsual remembers tokens that it verified, which is how the
// guard comes; kNone is given so little room that each token is verified as if it were new.
enum class TokenMemory : std::size_t { kUsual, kNone };

// make_resource_servers serves one of each, in this order. The argument is the authority's port.
std::unique_ptr<Running> make_resource_servers(const std::string& authority_port);

}  // namespace ajwt::bench
