// SPDX-License-Identifier: Apache-2.0
//
// The guard's file, from TOML to checked options: a policy that is taken demands something of every
// route, and each route is found by the paths that it names.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "config/toml.h"
#include "fuzz/support/choices.h"
#include "gateway/guard_options.h"
#include "guard/policy.h"

namespace ajwt {
namespace {

// instance_of puts a value in the place of every parameter of a template.
std::string instance_of(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("/{")) {
      out += "/x-1";
      path.remove_prefix(path.find('}') + 1);
    } else {
      out += path.front();
      path.remove_prefix(1);
    }
  }
  return out;
}

void check_policy(const guard::Policy& policy) {
  for (const guard::Route& route : policy.routes()) {
    AJWT_CHECK(!route.method.empty() && !route.apps.empty() && !route.scopes.empty());
    AJWT_CHECK(route.max_body_bytes <= guard::kLargestMaxBodyBytes);
    if (route.token == guard::TokenKind::kIntent) {
      AJWT_CHECK(route.workflow && route.tool && !route.steps.empty());
    }
    // No other route matches what this one names.
    const auto found = policy.find(route.method, instance_of(route.path));
    AJWT_CHECK(found && *found == &route);
  }
}

void check_refusal(const Error& error) {
  AJWT_CHECK(error.code() == Code::k_configuration_refused);
  AJWT_CHECK(!error.message().empty());
  // One line, which names the place.
  AJWT_CHECK(error.message().find('\n') == std::string::npos);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  const auto document = config::parse_toml(fuzz::text_of(data, size), "guard.toml");
  if (!document) {
    check_refusal(document.error());
    return 0;
  }
  for (const auto& member : document->root.members()) {
    const std::string pointer = config::append_pointer("", member.name);
    AJWT_CHECK(document->find_position(pointer).has_value());
  }
  if (const auto policy = guard::Policy::parse(document->root)) check_policy(*policy);
  const auto options = gateway::parse_guard_options(*document);
  if (options) {
    AJWT_CHECK(gateway::check_guard_options(*options).has_value());
    check_policy(options->policy);
  } else {
    check_refusal(options.error());
  }
  return 0;
}
