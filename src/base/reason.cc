// SPDX-License-Identifier: Apache-2.0
#include "base/reason.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace ajwt {
namespace {

// As the table spells them.
// NOLINTBEGIN(readability-identifier-naming)
constexpr ReasonClass refusal = ReasonClass::kRefusal;
constexpr ReasonClass failure = ReasonClass::kFailure;
// NOLINTEND(readability-identifier-naming)

constexpr auto kReasons = std::to_array<Reason>({
#define AJWT_REASON(name, number, klass, oauth, http, sentence, source) \
  {Code::k_##name, #name, klass, oauth, http, sentence, source},
#include "base/reasons.def"
#undef AJWT_REASON
});

constexpr bool numbers_ascend() {
  for (std::size_t i = 1; i < kReasons.size(); ++i) {
    if (kReasons[i - 1].code >= kReasons[i].code) return false;
  }
  return true;
}
static_assert(numbers_ascend(), "reasons.def: numbers must be unique and ascending");

}  // namespace

const Reason& reason_of(Code code) {
  const auto* row = std::lower_bound(kReasons.begin(), kReasons.end(), code,
                                     [](const Reason& r, Code c) { return r.code < c; });
  AJWT_CHECK(row != kReasons.end() && row->code == code);
  return *row;
}

std::span<const Reason> all_reasons() { return kReasons; }

std::optional<Reason> find_reason(std::string_view name) {
  const auto* row = std::find_if(kReasons.begin(), kReasons.end(),
                                 [&](const Reason& r) { return r.name == name; });
  if (row == kReasons.end()) return std::nullopt;
  return *row;
}

}  // namespace ajwt
