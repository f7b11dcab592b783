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

// Climb is the way from a leaf to the root of a tree, as proofs go it (RFC 9162 2.1.3.2).
class Climb {
 public:
  Climb(std::uint64_t node, std::uint64_t last) : node_(node), last_(last) {}

  bool is_at_root() const { return last_ == 0; }
  // has_left_neighbour tells whether the proof's next hash goes to the left: a last node has
  // nothing on its right.
  bool has_left_neighbour() const { return (node_ & 1) != 0 || node_ == last_; }
  // rise goes to the parent; a last node without a neighbour is its own.
  void rise() {
    if (has_left_neighbour()) {
      while ((node_ & 1) == 0 && node_ != 0) rise_one();
    }
    rise_one();
  }
  // rise_while_right goes up as long as the node is a right child.
  void rise_while_right() {
    while ((node_ & 1) != 0) rise_one();
  }

 private:
  void rise_one() {
    node_ >>= 1;
    last_ >>= 1;
  }
  std::uint64_t node_;
  std::uint64_t last_;
};

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

Digest audit_leaf_hash(ByteView salt, std::string_view entry) {
  Bytes data(salt.begin(), salt.end());
  data.insert(data.end(), entry.begin(), entry.end());
  return merkle_leaf_hash(data);
}

Bytes join_hashes(std::span<const Digest> hashes) {
  Bytes bytes;
  bytes.reserve(hashes.size() * sizeof(Digest));
  for (const Digest& hash : hashes) bytes.insert(bytes.end(), hash.begin(), hash.end());
  return bytes;
}

std::optional<std::vector<Digest>> split_hashes(ByteView bytes) {
  if (bytes.size() % sizeof(Digest) != 0) return std::nullopt;
  std::vector<Digest> hashes(bytes.size() / sizeof(Digest));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const ByteView one = bytes.subspan(i * sizeof(Digest), sizeof(Digest));
    std::copy(one.begin(), one.end(), hashes[i].begin());
  }
  return hashes;
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
  Climb climb(index, head.size - 1);
  Digest hash = leaf_hash;
  for (const Digest& sibling : proof) {
    if (climb.is_at_root()) return not_proven();
    hash = climb.has_left_neighbour() ? merkle_node_hash(sibling, hash)
                                      : merkle_node_hash(hash, sibling);
    climb.rise();
  }
  return climb.is_at_root() && hash == head.root ? ok() : not_proven();
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
  Climb climb(from.size - 1, to.size - 1);
  climb.rise_while_right();
  Digest smaller = path.front();
  Digest larger = path.front();
  for (const Digest& sibling : std::span(path).subspan(1)) {
    if (climb.is_at_root()) return not_proven();
    if (climb.has_left_neighbour()) {
      smaller = merkle_node_hash(sibling, smaller);
      larger = merkle_node_hash(sibling, larger);
    } else {
      larger = merkle_node_hash(larger, sibling);
    }
    climb.rise();
  }
  return climb.is_at_root() && smaller == from.root && larger == to.root ? ok() : not_proven();
}

}  // namespace ajwt
