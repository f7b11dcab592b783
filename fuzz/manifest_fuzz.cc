// SPDX-License-Identifier: Apache-2.0
//
// The demo's manifests and advisories, which are the user's own files: a version that is replaced
// is read back, nothing else changes, and versions have one order.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/ajwt/demo/advisory.h"
#include "apps/ajwt/demo/manifest.h"
#include "base/check.h"
#include "fuzz/support/choices.h"

namespace ajwt {
namespace {

void check_order(demo::Ecosystem ecosystem, std::string_view a, std::string_view b) {
  AJWT_CHECK(std::is_eq(demo::compare_versions(ecosystem, a, a)));
  const auto forth = demo::compare_versions(ecosystem, a, b);
  const auto back = demo::compare_versions(ecosystem, b, a);
  AJWT_CHECK(std::is_lt(forth) == std::is_gt(back) && std::is_eq(forth) == std::is_eq(back));
}

void check_manifest(const demo::Manifest& manifest) {
  for (const auto& package : manifest.packages) {
    AJWT_CHECK(!package.name.empty());
    const auto same =
        demo::replace_version(manifest, package.name, package.version, package.version);
    if (same) AJWT_CHECK(*same == manifest.text);
    check_order(manifest.ecosystem, package.version, manifest.packages.front().version);
  }
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto manifest = demo::parse_manifest(std::string(text))) check_manifest(*manifest);
  if (const auto advisories = demo::parse_advisories(text)) {
    for (const auto ecosystem : {demo::Ecosystem::kNpm, demo::Ecosystem::kDebian}) {
      for (const auto& advisory : *advisories) {
        for (const auto& range : advisory.ranges) {
          (void)demo::find_advisories(*advisories, ecosystem, range.package, range.introduced);
        }
      }
    }
  }
  return 0;
}
