// SPDX-License-Identifier: Apache-2.0
#include "protocol/merkle.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"
#include "crypto/hash.h"

namespace ajwt {
namespace {

// root_of returns the root over the leaves [begin, end); begin is a multiple of the largest power
// of two that is not larger than the range, as it is everywhere in a tree of RFC 6962.
Result<Digest> root_of(std::uint64_t begin, std::uint64_t end, const MerkleNodes& nodes) {
  const std::uint64_t size = end - begin;
  if (std::has_single_bit(size)) {
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    return nodes(level, begin >> level);
  }
  const std::uint64_t split = begin + std::bit_floor(size);
  AJWT_ASSIGN(const Digest left, root_of(begin, split, nodes));
  AJWT_ASSIGN(const Digest right, root_of(split, end, nodes));
  return merkle_node_hash(left, right);
}

// split_of returns the largest power of two below `size` (RFC 6962 2.1: k < n <= 2k).
std::uint64_t split_of(std::uint64_t size) { return std::bit_floor(size - 1); }

Error not_proven() { return refuse(Code::k_merkle_proof_invalid); }

}  // namespace

Digest merkle_leaf_hash(ByteView data) {
  Bytes input{0x00};
  input.insert(input.end(), data.begin(), data.end());
  return crypto::sha256(input);
}

Digest merkle_node_hash(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 65> input{0x01};
  std::copy(left.begin(), left.end(), input.begin() + 1);
  std::copy(right.begin(), right.end(), input.begin() + 33);
  return crypto::sha256(input);
}

Digest merkle_fold(std::span<const Digest> neighbours) {
  AJWT_CHECK(std::has_single_bit(neighbours.size()));
  if (neighbours.size() == 1) return neighbours.front();
  const std::size_t half = neighbours.size() / 2;
  return merkle_node_hash(merkle_fold(neighbours.first(half)), merkle_fold(neighbours.last(half)));
}

void MerkleFrontier::append(const Digest& leaf_hash) {
  peaks_.push_back(leaf_hash);
  // Each one bit at the end of the size is a subtree that has found its neighbour.
  for (std::uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
    const Digest right = peaks_.back();
    peaks_.pop_back();
    peaks_.back() = merkle_node_hash(peaks_.back(), right);
  }
  ++size_;
}

MerkleHead MerkleFrontier::head() const {
  if (peaks_.empty()) return {0, crypto::sha256(ByteView())};
  Digest root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) root = merkle_node_hash(peaks_[i], root);
  return {size_, root};
}

Result<Digest> merkle_root(std::uint64_t size, const MerkleNodes& nodes) {
  if (size == 0) return crypto::sha256(ByteView());
  return root_of(0, size, nodes);
}

Result<MerkleProof> prove_inclusion(std::uint64_t index, std::uint64_t size,
                                    const MerkleNodes& nodes) {
  if (index >= size) return refuse(Code::k_parameter_malformed, "There is no such leaf.");
  // From the root down: the sibling of each subtree that holds the leaf.
  MerkleProof proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t split = begin + split_of(end - begin);
    if (index < split) {
      AJWT_ASSIGN(const Digest right, root_of(split, end, nodes));
      proof.push_back(right);
      end = split;
    } else {
      AJWT_ASSIGN(const Digest left, root_of(begin, split, nodes));
      proof.push_back(left);
      begin = split;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<MerkleProof> prove_consistency(std::uint64_t from, std::uint64_t to,
                                      const MerkleNodes& nodes) {
  if (from > to) return refuse(Code::k_parameter_malformed, "The log was never that long.");
  MerkleProof proof;
  if (from == 0 || from == to) return proof;
  std::uint64_t begin = 0;
  std::uint64_t end = to;
  // Whether [begin, end) begins where the smaller tree does: its root is known to who checks.
  bool is_known = true;
  while (end != from) {
    const std::uint64_t split = begin + split_of(end - begin);
    if (from <= split) {
      AJWT_ASSIGN(const Digest right, root_of(split, end, nodes));
      proof.push_back(right);
      end = split;
    } else {
      AJWT_ASSIGN(const Digest left, root_of(begin, split, nodes));
      proof.push_back(left);
      begin = split;
      is_known = false;
    }
  }
  if (!is_known) {
    AJWT_ASSIGN(const Digest last, root_of(begin, end, nodes));
    proof.push_back(last);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Status check_inclusion(const Digest& leaf_hash, std::uint64_t index, const MerkleHead& head,
                       std::span<const Digest> proof) {
  if (index >= head.size) return not_proven();
  std::uint64_t node = index;
  std::uint64_t last = head.size - 1;
  Digest hash = leaf_hash;
  for (const Digest& sibling : proof) {
    if (last == 0) return not_proven();
    if ((node & 1) != 0 || node == last) {
      hash = merkle_node_hash(sibling, hash);
      // A last node without a sibling is its own parent.
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = merkle_node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == head.root ? ok() : not_proven();
}

Status check_consistency(const MerkleHead& from, const MerkleHead& to,
                         std::span<const Digest> proof) {
  if (from.size > to.size) return not_proven();
  if (from.size == 0) {
    const bool is_empty_root = from.root == crypto::sha256(ByteView());
    return is_empty_root && proof.empty() ? ok() : not_proven();
  }
  if (from.size == to.size) return from == to && proof.empty() ? ok() : not_proven();
  // A smaller tree that is perfect is a node of the larger one, and its root begins the proof.
  std::vector<Digest> path(proof.begin(), proof.end());
  if (std::has_single_bit(from.size)) path.insert(path.begin(), from.root);
  if (path.empty()) return not_proven();
  std::uint64_t node = from.size - 1;
  std::uint64_t last = to.size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  Digest smaller = path.front();
  Digest larger = path.front();
  for (const Digest& sibling : std::span(path).subspan(1)) {
    if (last == 0) return not_proven();
    if ((node & 1) != 0 || node == last) {
      smaller = merkle_node_hash(sibling, smaller);
      larger = merkle_node_hash(sibling, larger);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      larger = merkle_node_hash(larger, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && smaller == from.root && larger == to.root ? ok() : not_proven();
}

}  // namespace ajwt
