// SPDX-License-Identifier: Apache-2.0
//
// Merkle trees of append-only logs (RFC 6962 2.1, RFC 9162 2.1): hashes, the root of what was
// appended, proofs and their checks. Pure: where hashes are kept is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ajwt {

// merkle_leaf_hash is SHA-256(0x00 || data), merkle_node_hash SHA-256(0x01 || left || right).
Digest merkle_leaf_hash(ByteView data);
Digest merkle_node_hash(const Digest& left, const Digest& right);

// audit_leaf_hash is the leaf of an audit log's tree, over salt || entry: who knows neither learns
// nothing from it (protocol 5.2).
Digest audit_leaf_hash(ByteView salt, std::string_view entry);

// join_hashes puts hashes one after another; split_hashes takes them apart, nothing if the bytes
// are no multiple of 32.
Bytes join_hashes(std::span<const Digest> hashes);
std::optional<std::vector<Digest>> split_hashes(ByteView bytes);

// merkle_fold returns the root over 2^n neighbours of one level; there must be that many, n >= 0.
Digest merkle_fold(std::span<const Digest> neighbours);

// kMerkleTileWidth is how many neighbours of a level stand in one tile (C2SP tlog-tiles).
inline constexpr std::size_t kMerkleTileWidth = 256;

// MerkleHead is a tree's size and root; that of no leaves is SHA-256 of nothing.
struct MerkleHead {
  std::uint64_t size;
  Digest root;
  friend bool operator==(const MerkleHead&, const MerkleHead&) = default;
};

// MerkleFrontier is a tree as far as appending and its head need it: the roots of its perfect
// subtrees, the largest first. A value.
class MerkleFrontier {
 public:
  void append(const Digest& leaf_hash);
  MerkleHead head() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;
};

// MerkleNode is the root over the perfect subtree of 2^level leaves from `index` * 2^level on; all
// of them are in the tree whenever it is asked for.
using MerkleNodes = std::function<Result<Digest>(unsigned level, std::uint64_t index)>;

// merkle_root returns the root of the first `size` leaves.
Result<Digest> merkle_root(std::uint64_t size, const MerkleNodes& nodes);

// MerkleProof is the hashes of a proof in the order of the RFC.
using MerkleProof = std::vector<Digest>;

// prove_inclusion is PATH(index, D[size]) (RFC 6962 2.1.1). Refuses k_parameter_malformed unless
// index < size.
Result<MerkleProof> prove_inclusion(std::uint64_t index, std::uint64_t size,
                                    const MerkleNodes& nodes);
// prove_consistency is PROOF(from, D[to]) (RFC 6962 2.1.2); empty for from == 0 and from == to.
// Refuses k_parameter_malformed unless from <= to.
Result<MerkleProof> prove_consistency(std::uint64_t from, std::uint64_t to,
                                      const MerkleNodes& nodes);

// check_inclusion refuses k_merkle_proof_invalid unless the proof shows that the leaf stands at
// `index` of the tree (RFC 9162 2.1.3.2).
Status check_inclusion(const Digest& leaf_hash, std::uint64_t index, const MerkleHead& head,
                       std::span<const Digest> proof);
// check_consistency refuses k_merkle_proof_invalid unless the proof shows that `to` begins with all
// of `from` (RFC 9162 2.1.4.2).
Status check_consistency(const MerkleHead& from, const MerkleHead& to,
                         std::span<const Digest> proof);

}  // namespace ajwt
