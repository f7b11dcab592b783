// SPDX-License-Identifier: Apache-2.0
//
// The audit log, its tree, and what is kept beside the database for it.
#include <algorithm>
#include <filesystem>
#include <limits>
#include <system_error>

#include "files/key_file.h"
#include "files/private_file.h"
#include "store/audit_tree.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::AuditEntry;
using authority::AuditLeaf;

constexpr std::string_view kAuditKeyFile = "audit.key.pem";
constexpr std::string_view kCheckpointFile = "audit.checkpoint";

constexpr char kSelectAudit[] = "SELECT sequence, app_id, leaf, salt FROM audit ";
constexpr auto kListAudit = join(kSelectAudit, "WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
constexpr auto kListOfApplication =
    join(kSelectAudit, "WHERE sequence > ?1 AND app_id = ?3 ORDER BY sequence LIMIT ?2");
constexpr auto kListOfDecision = join(kSelectAudit, "WHERE decision_id = ?1 ORDER BY sequence");

Result<AuditLeaf> leaf_from(const Query& row) {
  return AuditLeaf{.sequence = row.integer(0),
                   .app_id = AppId::trusted(row.string(1)),
                   .bytes = row.string(2),
                   .salt = row.bytes(3)};
}

}  // namespace

Status SqliteStore::append_audit(const AuditEntry& audit) {
  return write(audit, [](Connection&) { return ok(); });
}

Result<std::vector<AuditLeaf>> SqliteStore::list_audit(std::int64_t after, std::size_t limit,
                                                       const std::optional<AppId>& app_id) {
  const auto rows = static_cast<std::int64_t>(
      std::min(limit, static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())));
  return read([&](Connection& db) -> Result<std::vector<AuditLeaf>> {
    AJWT_ASSIGN(Query query, app_id ? db.query(kListOfApplication, after, rows, *app_id)
                                    : db.query(kListAudit, after, rows));
    return collect<AuditLeaf>(query, leaf_from);
  });
}

Result<std::vector<AuditLeaf>> SqliteStore::list_audit_of(std::string_view decision_id) {
  return read([&](Connection& db) -> Result<std::vector<AuditLeaf>> {
    AJWT_ASSIGN(Query query, db.query(kListOfDecision, decision_id));
    return collect<AuditLeaf>(query, leaf_from);
  });
}

MerkleHead SqliteStore::audit_head() { return queue_->audit_tree().head(); }

// in_tree runs `function(MerkleNodes)` in one snapshot, if the log has `size` leaves.
template <class Function>
auto SqliteStore::in_tree(std::uint64_t size, const Function& function)
    -> decltype(function(std::declval<MerkleNodes>())) {
  const AuditTree tree = queue_->audit_tree();
  if (size > tree.size()) {
    return refuse(Code::k_parameter_malformed, "The log is not that long.");
  }
  return read([&](Connection& db) { return function(audit_nodes(db, tree)); });
}

Result<Digest> SqliteStore::audit_root(std::uint64_t size) {
  return in_tree(size, [&](const MerkleNodes& nodes) { return merkle_root(size, nodes); });
}

Result<MerkleProof> SqliteStore::prove_audit_inclusion(std::uint64_t index, std::uint64_t size) {
  return in_tree(size, [&](const auto& nodes) { return prove_inclusion(index, size, nodes); });
}

Result<MerkleProof> SqliteStore::prove_audit_consistency(std::uint64_t from, std::uint64_t to) {
  return in_tree(to, [&](const auto& nodes) { return prove_consistency(from, to, nodes); });
}

Result<std::vector<Digest>> SqliteStore::read_audit_tile(unsigned level, std::uint64_t index,
                                                         std::size_t width) {
  // The numbers of a log's leaves are far below what these could overflow.
  const AuditTree tree = queue_->audit_tree();
  const bool is_tile = level <= 6 && width >= 1 && width <= kMerkleTileWidth &&
                       index <= (tree.size() >> (kTileLevels * (level + 1)));
  const std::uint64_t end =
      is_tile ? (index * kMerkleTileWidth + width) << (kTileLevels * level) : 0;
  if (!is_tile || end > tree.size()) return refuse(Code::k_not_found);
  return read([&](Connection& db) {
    return read_neighbours(db, tree, level, index * kMerkleTileWidth, width);
  });
}

std::string SqliteStore::beside_database(std::string_view name) const {
  return (directory_ ? directory_->path() : scratch_->path()) + "/" + std::string(name);
}

Result<crypto::PrivateKey> SqliteStore::load_or_create_audit_key() {
  const std::string path = beside_database(kAuditKeyFile);
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
    AJWT_ASSIGN(const auto key, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
    AJWT_TRY(files::create_key_file(path, key));
  }
  return files::load_key_file(path);
}

Status SqliteStore::keep_checkpoint(const std::string& note) {
  return files::write_private_file(beside_database(kCheckpointFile), Secret(note));
}

Result<std::optional<std::string>> SqliteStore::find_checkpoint() {
  const std::string path = beside_database(kCheckpointFile);
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
    return std::optional<std::string>();
  }
  AJWT_ASSIGN(const Secret note, files::read_private_file(path));
  return std::optional<std::string>(note.reveal());
}

}  // namespace ajwt::store
