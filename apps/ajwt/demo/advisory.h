// SPDX-License-Identifier: Apache-2.0
//
// Advisories in the OSV format (Open Source Vulnerability schema 1.6).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ajwt/demo/version.h"
#include "base/result.h"

namespace ajwt::demo {

// AffectedRange is one pair of events: from `introduced` (inclusive) to `fixed` (exclusive, if
// any).
struct AffectedRange {
  std::string package;
  Ecosystem ecosystem;
  std::string introduced;
  std::optional<std::string> fixed;
};

struct Advisory {
  std::string id;
  std::string summary;
  std::vector<AffectedRange> ranges;
};

// parse_advisories reads an array of OSV entries, one entry, or {"vulns":[...]}. Ranges of other
// ecosystems and of type GIT are left out. Refuses k_value_malformed, k_json_*.
Result<std::vector<Advisory>> parse_advisories(std::string_view text);

// Finding is an advisory that hits a package, with the version that mends it, if there is one.
struct Finding {
  std::string advisory;
  std::string summary;
  std::optional<std::string> fixed;
};

// find_advisories returns what is known against this version.
std::vector<Finding> find_advisories(const std::vector<Advisory>& advisories, Ecosystem ecosystem,
                                     std::string_view package, std::string_view version);

}  // namespace ajwt::demo
