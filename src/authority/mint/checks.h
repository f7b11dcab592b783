// SPDX-License-Identifier: Apache-2.0
//
// The checks of a mint, as data: in the order of protocol 5, each with its one reason.
#pragma once

#include <span>
#include <string_view>

#include "authority/mint/facts.h"

namespace ajwt::authority {

// MintCheck is one row. `rule` is pure: it reads the facts and says yes or which reason.
struct MintCheck {
  std::string_view source;  // specification section
  std::string_view name;    // metrics, audit, docs
  Status (*rule)(const MintFacts&);
};

// mint_checks returns the table. To add a rule: a row here, a function in checks.cc, a reason in
// base/reasons.def, and an accepted and a refused case in checks_test.cc, which walks this table.
std::span<const MintCheck> mint_checks();

}  // namespace ajwt::authority
