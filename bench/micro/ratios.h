// SPDX-License-Identifier: Apache-2.0
//
// Ratios: what ours costs beside the raw primitives that it cannot do without, measured in the same
// run. 0.9 says: nine tenths of what the primitives alone would reach.
#pragma once

#include <string>
#include <vector>

namespace ajwt::bench {

// RawPart is a benchmark of a primitive and how often the operation needs it.
struct RawPart {
  std::string name;
  double times = 1;
};

// Ratio compares the benchmark `ours` with the sum of `raw`. `aim` is 0 where there is none.
struct Ratio {
  std::string what;
  std::string ours;
  std::vector<RawPart> raw;
  double aim = 0;
};

// RegisterRatio adds a row to what `main` prints at the end; one stands beside each benchmark.
class RegisterRatio {
 public:
  explicit RegisterRatio(Ratio ratio);
};

// registered_ratios returns the rows in the order of registration.
const std::vector<Ratio>& registered_ratios();

}  // namespace ajwt::bench
