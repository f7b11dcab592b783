// SPDX-License-Identifier: Apache-2.0
//
// What tests of the authority's answers expect. Apart from the fixture, which benchmarks use too.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "tests/support/authority_fixture.h"

namespace ajwt::testing {

// expect_reason expects an answer of this status that names this reason.
inline void expect_reason(const HttpResponse& response, int status, std::string_view reason) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(text_of(response, "reason"), reason) << response.body;
}

}  // namespace ajwt::testing
