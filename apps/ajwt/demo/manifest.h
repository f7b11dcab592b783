// SPDX-License-Identifier: Apache-2.0
//
// Manifests that the demo's fleet patches: package.json, or a list of Debian packages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/ajwt/demo/version.h"
#include "base/result.h"

namespace ajwt::demo {

// Package is one dependency as the manifest names it.
struct Package {
  std::string name;
  std::string version;  // without the range prefix (^, ~, >=, =, v)
  std::string prefix;   // what stood before it
};

// Manifest is a file's text and what it depends on.
struct Manifest {
  Ecosystem ecosystem;
  std::string text;
  std::vector<Package> packages;
};

// parse_manifest reads package.json (text that starts with '{': members of dependencies and
// devDependencies whose range is one version) or a Debian package list (lines "name version",
// "name=version" or "name<TAB>version"; '#' starts a comment). Refuses k_value_malformed, k_json_*.
Result<Manifest> parse_manifest(std::string text);

// replace_version returns the text with the package's version changed and nothing else. Refuses
// k_not_found if the manifest does not have this package in this version.
Result<std::string> replace_version(const Manifest& manifest, std::string_view package,
                                    std::string_view from, std::string_view to);

}  // namespace ajwt::demo
