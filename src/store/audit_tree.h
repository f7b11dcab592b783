// SPDX-License-Identifier: Apache-2.0
//
// The Merkle tree over the audit log (protocol 5.2). Hashes are kept in tiles of 256 neighbours of
// one level (C2SP tlog-tiles): a full tile is a row, what is not full yet is in memory and made
// again from the leaves at start.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/merkle.h"
#include "store/database.h"

namespace ajwt::store {

inline constexpr unsigned kTileLevels = 8;

// Tile is 256 neighbours: the roots over 256^level leaves each, from number index * 256 on.
struct Tile {
  std::int64_t level;
  std::int64_t index;
  std::vector<Digest> hashes;
};

// AuditTree is what appending needs: of each tile level the one tile that is not full. A value.
class AuditTree {
 public:
  AuditTree() = default;
  // AuditTree takes the open tiles of a tree of `size` leaves, by tile level.
  AuditTree(std::uint64_t size, std::vector<std::vector<Digest>> open)
      : size_(size), open_(std::move(open)) {}
  std::uint64_t size() const { return size_; }
  // append adds leaves and returns the tiles that became full, each after those below it.
  std::vector<Tile> append(std::span<const Digest> leaf_hashes);
  MerkleHead head() const;
  // find_open returns `count` hashes of a tile level from number `first` on, if they stand in the
  // tile that is not full; nothing for those of full tiles, and for what is not there.
  std::optional<std::vector<Digest>> find_open(std::size_t level, std::uint64_t first,
                                               std::size_t count) const;

 private:
  void add(std::size_t level, const Digest& hash, std::vector<Tile>& full);

  std::uint64_t size_ = 0;
  std::vector<std::vector<Digest>> open_;  // by tile level, each below kMerkleTileWidth
};

Status insert_tile(Connection& db, const Tile& tile);

// load_audit_tree reads the tree, and makes what tiles are missing from the leaves (of a log that
// is older than its tiles). In a transaction of the writer. Refuses k_audit_log_altered if a leaf
// or a tile is missing. Leaves whose tile is full are counted, not hashed: that is for who checks
// the whole log.
Result<AuditTree> load_audit_tree(Connection& db);

// read_neighbours returns `count` hashes of one tile level from number `first` on, all of one tile
// and all of them in `tree`: what is not full yet is known from when it was written, and not looked
// up in rows that could have been changed since.
Result<std::vector<Digest>> read_neighbours(Connection& db, const AuditTree& tree,
                                            std::size_t level, std::uint64_t first,
                                            std::size_t count);

// audit_nodes reads nodes of the tree, for proofs, at most one row each; `db` and `tree` must
// outlive it.
MerkleNodes audit_nodes(Connection& db, const AuditTree& tree);

}  // namespace ajwt::store
