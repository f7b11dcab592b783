// SPDX-License-Identifier: Apache-2.0
//
// What this thread did of the work that an answer's time could tell about. Tests hold that unequal
// questions cost equal operations (protocol 5); nothing else looks at it.
#pragma once

#include <cstdint>

namespace ajwt {

// OperationCount counts since the thread began.
struct OperationCount {
  std::uint64_t verifications = 0;  // of signatures
  std::uint64_t comparisons = 0;    // in constant time
  friend bool operator==(const OperationCount&, const OperationCount&) = default;
};

// operation_count returns this thread's own.
inline OperationCount& operation_count() {
  static thread_local OperationCount count;
  return count;
}

}  // namespace ajwt
