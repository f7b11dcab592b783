// SPDX-License-Identifier: Apache-2.0
#include "store/audit_tree.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::store {
namespace {

Digest hash_of(std::uint64_t number) { return merkle_leaf_hash(as_bytes(std::to_string(number))); }

// A tree of three levels of tiles has the root that a tree without tiles has, at each size that a
// tile ends or begins with.
TEST(AuditTree, HasTheRootOfATreeWithoutTiles) {
  AuditTree tree;
  MerkleFrontier model;
  std::vector<Tile> full;
  constexpr std::uint64_t kSize = 65'536 + 700;
  for (std::uint64_t i = 0; i < kSize; ++i) {
    const Digest hash = hash_of(i);
    for (Tile& tile : tree.append(std::span(&hash, 1))) full.push_back(std::move(tile));
    model.append(hash);
    if (i < 1000 || i % 256 < 2 || i % 256 == 255) {
      ASSERT_EQ(tree.head(), model.head()) << i + 1;
    }
  }
  ASSERT_EQ(full.size(), 258U + 1U);
  EXPECT_EQ(full[255].level, 0);
  EXPECT_EQ(full[255].index, 255);
  EXPECT_EQ(full[256].level, 1) << "right after the last of its 256";
  EXPECT_EQ(full[256].index, 0);
  EXPECT_EQ(full[256].hashes[3], merkle_fold(full[3].hashes));
  EXPECT_EQ(full[258].index, 257);
}

TEST(AuditTree, TakesManyAtOnceAsOneByOne) {
  std::vector<Digest> hashes;
  for (std::uint64_t i = 0; i < 1000; ++i) hashes.push_back(hash_of(i));
  AuditTree at_once;
  EXPECT_EQ(at_once.append(hashes).size(), 3U);
  AuditTree one_by_one;
  for (const Digest& hash : hashes) one_by_one.append(std::span(&hash, 1));
  EXPECT_EQ(at_once.head(), one_by_one.head());
  EXPECT_EQ(at_once.size(), 1000U);
}

}  // namespace
}  // namespace ajwt::store
