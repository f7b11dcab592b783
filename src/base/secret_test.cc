// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

namespace ajwt {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

// A secret cannot be put into a log or copied by oversight.
static_assert(!Streamable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);

// Short texts lie inside the string object itself, so that they can be looked at after it is gone
// without reading memory that was given back.
TEST(Secret, WipesItsTextWhenItGoes) {
  alignas(Secret) std::array<unsigned char, sizeof(Secret)> memory{};
  auto* secret = new (memory.data()) Secret("hunter2-hunter");
  const auto holds_text = [&] {
    constexpr std::string_view kText = "hunter2";
    return std::search(memory.begin(), memory.end(), kText.begin(), kText.end()) != memory.end();
  };
  ASSERT_TRUE(holds_text());

  std::destroy_at(secret);

  EXPECT_FALSE(holds_text());
}

TEST(Secret, LeavesNothingBehindWhenMoved) {
  alignas(Secret) std::array<unsigned char, sizeof(Secret)> memory{};
  auto* secret = new (memory.data()) Secret("hunter2-hunter");

  const Secret moved(std::move(*secret));

  constexpr std::string_view kText = "hunter2";
  EXPECT_EQ(moved.reveal(), "hunter2-hunter");
  EXPECT_EQ(std::search(memory.begin(), memory.end(), kText.begin(), kText.end()), memory.end());
  std::destroy_at(secret);
}

TEST(Secret, MovesAndClones) {
  Secret first("one");
  Secret second("two");
  second = std::move(first);
  EXPECT_EQ(second.reveal(), "one");
  EXPECT_EQ(second.clone().reveal(), "one");
  EXPECT_TRUE(second.equals("one"));
  EXPECT_FALSE(second.equals("on"));
  EXPECT_FALSE(second.equals("two"));
}

TEST(Wipe, OverwritesMemory) {
  std::array<char, 8> memory{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
  wipe(memory.data(), 4);
  EXPECT_EQ(std::string(memory.data(), memory.size()), std::string("\0\0\0\0efgh", 8));
  wipe(nullptr, 0);
}

}  // namespace
}  // namespace ajwt
