// SPDX-License-Identifier: Apache-2.0
#include "store/audit_tree.h"

#include <utility>

#include "base/check.h"

namespace ajwt::store {
namespace {

// Leaves are read so many at a time, so that a long log needs no long memory.
constexpr std::size_t kLeavesAtATime = 4096;

Error altered(std::string_view what) {
  return refuse(Code::k_audit_log_altered).with_detail(std::string(what));
}

Result<std::vector<Digest>> find_tile(Connection& db, std::int64_t level, std::int64_t index) {
  AJWT_ASSIGN(Query query, db.query("SELECT hashes FROM audit_tiles WHERE level = ?1 AND "
                                    "tile_index = ?2",
                                    level, index));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return std::vector<Digest>();
  auto hashes = split_hashes(query.bytes(0));
  if (!hashes || hashes->size() != kMerkleTileWidth) return altered("a tile of another size");
  return *std::move(hashes);
}

Result<std::int64_t> count_tiles(Connection& db, std::int64_t level) {
  AJWT_ASSIGN(Query query,
              db.query("SELECT count(*), coalesce(max(tile_index), -1) FROM audit_tiles "
                       "WHERE level = ?1",
                       level));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row || query.integer(0) != query.integer(1) + 1) return altered("a tile is missing");
  return query.integer(0);
}

Result<std::vector<Digest>> read_leaf_hashes(Connection& db, std::uint64_t begin,
                                             std::size_t most) {
  const auto after = static_cast<std::int64_t>(begin);
  AJWT_ASSIGN(Query query, db.query("SELECT sequence, leaf, salt FROM audit WHERE sequence > ?1 "
                                    "ORDER BY sequence LIMIT ?2",
                                    after, static_cast<std::int64_t>(most)));
  std::int64_t expected = after;
  return collect<Digest>(query, [&](const Query& row) -> Result<Digest> {
    if (row.integer(0) != ++expected) return altered("a leaf is missing");
    return audit_leaf_hash(row.bytes(2), row.text(1));
  });
}

// load_tiles reads the tree over the leaves whose tiles are full. An open tile has the roots of the
// full ones below it that are in no full tile, so that a long log is loaded as fast as a short one.
Result<AuditTree> load_tiles(Connection& db) {
  AJWT_ASSIGN(std::int64_t kept, count_tiles(db, 0));
  const auto size = static_cast<std::uint64_t>(kept) * kMerkleTileWidth;
  std::vector<std::vector<Digest>> open(1);
  for (std::int64_t level = 0; kept > 0; ++level) {
    AJWT_ASSIGN(const std::int64_t above, count_tiles(db, level + 1));
    const std::int64_t first = above * static_cast<std::int64_t>(kMerkleTileWidth);
    if (kept < first || kept - first >= static_cast<std::int64_t>(kMerkleTileWidth)) {
      return altered("tiles of two levels disagree");
    }
    open.emplace_back();
    for (std::int64_t index = first; index < kept; ++index) {
      AJWT_ASSIGN(const auto hashes, find_tile(db, level, index));
      if (hashes.empty()) return altered("a tile is missing");
      open.back().push_back(merkle_fold(hashes));
    }
    kept = above;
  }
  return AuditTree(size, std::move(open));
}

}  // namespace

Result<std::vector<Digest>> read_neighbours(Connection& db, const AuditTree& tree,
                                            std::size_t level, std::uint64_t first,
                                            std::size_t count) {
  if (auto open = tree.find_open(level, first, count)) return *std::move(open);
  AJWT_ASSIGN(const auto tile, find_tile(db, static_cast<std::int64_t>(level),
                                         static_cast<std::int64_t>(first / kMerkleTileWidth)));
  if (tile.empty()) return altered("a tile is missing");
  const auto begin = tile.begin() + static_cast<std::ptrdiff_t>(first % kMerkleTileWidth);
  return std::vector<Digest>(begin, begin + static_cast<std::ptrdiff_t>(count));
}

std::vector<Tile> AuditTree::append(std::span<const Digest> leaf_hashes) {
  std::vector<Tile> full;
  for (const Digest& hash : leaf_hashes) {
    add(0, hash, full);
    ++size_;
  }
  return full;
}

void AuditTree::add(std::size_t level, const Digest& hash, std::vector<Tile>& full) {
  if (level == open_.size()) open_.emplace_back();
  open_[level].push_back(hash);
  if (open_[level].size() < kMerkleTileWidth) return;
  // The number of this tile is that of the leaves before it over those of a tile.
  const std::uint64_t leaves_of_tile = std::uint64_t{1} << (kTileLevels * (level + 1));
  const Digest root = merkle_fold(open_[level]);
  full.push_back(Tile{.level = static_cast<std::int64_t>(level),
                      .index = static_cast<std::int64_t>(size_ / leaves_of_tile),
                      .hashes = std::exchange(open_[level], {})});
  add(level + 1, root, full);
}

std::optional<std::vector<Digest>> AuditTree::find_open(std::size_t level, std::uint64_t first,
                                                        std::size_t count) const {
  if (level >= open_.size() || first / kMerkleTileWidth != size_ >> (kTileLevels * (level + 1))) {
    return std::nullopt;
  }
  const std::size_t place = first % kMerkleTileWidth;
  if (place + count > open_[level].size()) return std::nullopt;
  const auto begin = open_[level].begin() + static_cast<std::ptrdiff_t>(place);
  return std::vector<Digest>(begin, begin + static_cast<std::ptrdiff_t>(count));
}

MerkleHead AuditTree::head() const {
  const MerkleNodes nodes = [this](unsigned level, std::uint64_t index) -> Result<Digest> {
    // The right edge is all that the root of the whole needs, and all of it is open.
    const std::size_t tile_level = level / kTileLevels;
    const std::size_t width = std::size_t{1} << (level % kTileLevels);
    const std::size_t first = (index * width) % kMerkleTileWidth;
    AJWT_CHECK(tile_level < open_.size() && first + width <= open_[tile_level].size());
    return merkle_fold(std::span(open_[tile_level]).subspan(first, width));
  };
  const auto root = merkle_root(size_, nodes);
  AJWT_CHECK(root.has_value());
  return {size_, *root};
}

Status insert_tile(Connection& db, const Tile& tile) {
  return db.run("INSERT INTO audit_tiles (level, tile_index, hashes) VALUES (?1, ?2, ?3)",
                tile.level, tile.index, join_hashes(tile.hashes));
}

Result<AuditTree> load_audit_tree(Connection& db) {
  AJWT_ASSIGN(AuditTree tree, load_tiles(db));
  while (true) {
    AJWT_ASSIGN(const auto leaves, read_leaf_hashes(db, tree.size(), kLeavesAtATime));
    if (leaves.empty()) break;
    for (const Tile& tile : tree.append(leaves)) AJWT_TRY(insert_tile(db, tile));
  }
  AJWT_ASSIGN(Query query, db.query("SELECT count(*), coalesce(min(sequence), 1), "
                                    "coalesce(max(sequence), 0) FROM audit"));
  AJWT_ASSIGN(const bool row, query.next());
  const auto size = static_cast<std::int64_t>(tree.size());
  if (!row || query.integer(0) != size || query.integer(1) != 1 || query.integer(2) != size) {
    return altered("a leaf is missing");
  }
  return tree;
}

MerkleNodes audit_nodes(Connection& db, const AuditTree& tree) {
  return [&db, &tree](unsigned level, std::uint64_t index) -> Result<Digest> {
    const std::size_t width = std::size_t{1} << (level % kTileLevels);
    AJWT_ASSIGN(const auto neighbours,
                read_neighbours(db, tree, level / kTileLevels, index * width, width));
    return merkle_fold(neighbours);
  };
}

}  // namespace ajwt::store
