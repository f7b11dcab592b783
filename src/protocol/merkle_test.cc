// SPDX-License-Identifier: Apache-2.0
#include "protocol/merkle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crypto/hash.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

// The eight inputs and roots with which implementations of RFC 6962 are tested.
const std::vector<std::string> kInputs{"",
                                       "00",
                                       "10",
                                       "2021",
                                       "3031",
                                       "40414243",
                                       "5051525354555657",
                                       "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> kRoots{
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<Digest> test_leaves() {
  std::vector<Digest> leaves;
  for (const std::string& input : kInputs) leaves.push_back(merkle_leaf_hash(*parse_hex(input)));
  return leaves;
}

std::vector<Digest> many_leaves(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    leaves.push_back(merkle_leaf_hash(as_bytes(std::to_string(i))));
  }
  return leaves;
}

// model_root is MTH of RFC 6962 2.1, as it stands there.
Digest model_root(std::span<const Digest> leaves) {
  if (leaves.empty()) return crypto::sha256(ByteView());
  if (leaves.size() == 1) return leaves.front();
  std::size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  return merkle_node_hash(model_root(leaves.first(split)), model_root(leaves.subspan(split)));
}

MerkleHead head_of(std::span<const Digest> leaves) { return {leaves.size(), model_root(leaves)}; }

MerkleNodes nodes_of(const std::vector<Digest>& leaves) {
  return [&leaves](unsigned level, std::uint64_t index) -> Result<Digest> {
    const std::size_t width = std::size_t{1} << level;
    return merkle_fold(std::span(leaves).subspan(index * width, width));
  };
}

TEST(Merkle, HasTheRootsOfOtherImplementations) {
  const auto leaves = test_leaves();
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    EXPECT_EQ(to_hex(*merkle_root(size, nodes_of(leaves))), kRoots[size - 1]) << size;
  }
  EXPECT_EQ(to_hex(*merkle_root(0, nodes_of(leaves))),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Merkle, TheFrontierHasTheSameRoots) {
  const auto leaves = many_leaves(300);
  MerkleFrontier frontier;
  for (std::size_t size = 0; size < leaves.size(); ++size) {
    ASSERT_EQ(frontier.head(), head_of(std::span(leaves).first(size))) << size;
    frontier.append(leaves[size]);
  }
}

// RFC 6962 2.1.3: the proofs that its example of seven leaves spells out.
TEST(Merkle, ProvesWhatTheRfcsExampleProves) {
  const auto d = many_leaves(7);
  const auto nodes = nodes_of(d);
  const auto pair = [&](std::size_t i) { return merkle_node_hash(d[i], d[i + 1]); };
  const Digest g = pair(0);
  const Digest h = pair(2);
  const Digest i = pair(4);
  const Digest k = merkle_node_hash(g, h);
  const Digest l = merkle_node_hash(i, d[6]);
  EXPECT_EQ(*prove_inclusion(0, 7, nodes), (MerkleProof{d[1], h, l}));
  EXPECT_EQ(*prove_inclusion(3, 7, nodes), (MerkleProof{d[2], g, l}));
  EXPECT_EQ(*prove_inclusion(4, 7, nodes), (MerkleProof{d[5], d[6], k}));
  EXPECT_EQ(*prove_inclusion(6, 7, nodes), (MerkleProof{i, k}));
  EXPECT_EQ(*prove_consistency(3, 7, nodes), (MerkleProof{d[2], d[3], g, l}));
  EXPECT_EQ(*prove_consistency(4, 7, nodes), (MerkleProof{l}));
  EXPECT_EQ(*prove_consistency(6, 7, nodes), (MerkleProof{i, d[6], k}));
}

// Every proof of every tree up to a size, and that each changed one is refused.
TEST(Merkle, TakesEachRightProofAndNoOther) {
  constexpr std::size_t kMost = 40;
  const auto leaves = many_leaves(kMost);
  const auto nodes = nodes_of(leaves);
  for (std::size_t size = 1; size <= kMost; ++size) {
    const MerkleHead head = head_of(std::span(leaves).first(size));
    EXPECT_EQ(*merkle_root(size, nodes), head.root);
    for (std::size_t index = 0; index < size; ++index) {
      const MerkleProof proof = *prove_inclusion(index, size, nodes);
      EXPECT_THAT(check_inclusion(leaves[index], index, head, proof), IsOk());
      const auto refused = [&](const Digest& leaf, std::size_t at, const MerkleProof& changed) {
        EXPECT_THAT(check_inclusion(leaf, at, head, changed),
                    RefusedWith(Code::k_merkle_proof_invalid))
            << index << " of " << size;
      };
      refused(merkle_leaf_hash(as_bytes("other")), index, proof);
      refused(leaves[index], size, proof);
      if (size > 1) refused(leaves[index], (index + 1) % size, proof);
      MerkleProof longer = proof;
      longer.push_back(leaves[0]);
      refused(leaves[index], index, longer);
      for (std::size_t i = 0; i < proof.size(); ++i) {
        MerkleProof flipped = proof;
        flipped[i][7] ^= 1;
        refused(leaves[index], index, flipped);
        MerkleProof shorter = proof;
        shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
        refused(leaves[index], index, shorter);
      }
    }
    for (std::size_t from = 0; from <= size; ++from) {
      const MerkleHead old = head_of(std::span(leaves).first(from));
      const MerkleProof proof = *prove_consistency(from, size, nodes);
      EXPECT_THAT(check_consistency(old, head, proof), IsOk()) << from << " of " << size;
      const auto refused = [&](const MerkleHead& smaller, const MerkleHead& larger,
                               const MerkleProof& changed) {
        EXPECT_THAT(check_consistency(smaller, larger, changed),
                    RefusedWith(Code::k_merkle_proof_invalid))
            << from << " of " << size;
      };
      MerkleHead rewritten = old;
      rewritten.root[0] ^= 1;
      refused(rewritten, head, proof);
      if (from > 0) {
        MerkleHead other = head;
        other.root[0] ^= 1;
        refused(old, other, proof);
      }
      MerkleProof longer = proof;
      longer.push_back(leaves[0]);
      refused(old, head, longer);
      for (std::size_t i = 0; i < proof.size(); ++i) {
        MerkleProof flipped = proof;
        flipped[i][31] ^= 0x80;
        refused(old, head, flipped);
      }
      if (from < size) refused(head, old, proof);
    }
  }
}

TEST(Merkle, ProvesNothingBeyondTheLog) {
  const auto leaves = many_leaves(3);
  EXPECT_THAT(prove_inclusion(3, 3, nodes_of(leaves)), RefusedWith(Code::k_parameter_malformed));
  EXPECT_THAT(prove_inclusion(0, 0, nodes_of(leaves)), RefusedWith(Code::k_parameter_malformed));
  EXPECT_THAT(prove_consistency(4, 3, nodes_of(leaves)), RefusedWith(Code::k_parameter_malformed));
}

// A leaf cannot pass for a node nor the other way round (RFC 6962 2.1).
TEST(Merkle, KeepsLeavesAndNodesApart) {
  const Digest a = merkle_leaf_hash(as_bytes("a"));
  Bytes both(a.begin(), a.end());
  both.insert(both.end(), a.begin(), a.end());
  EXPECT_NE(merkle_leaf_hash(both), merkle_node_hash(a, a));
}

}  // namespace
}  // namespace ajwt
