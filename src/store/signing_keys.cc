// SPDX-License-Identifier: Apache-2.0
//
// Signing keys: rows say which there are, files hold their private parts.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "files/key_file.h"
#include "files/private_file.h"
#include "jose/jwk.h"
#include "store/rows.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::AuditEntry;
using authority::SigningKey;
using authority::SigningKeyState;

Result<SigningKey> signing_key_from(const Query& row) {
  AJWT_ASSIGN(crypto::PublicKey key, parse_key(row.text(1)));
  AJWT_ASSIGN(const auto state,
              parse_named<authority::SigningKeyState>(row.text(2), "signing key state"));
  std::optional<Instant> retire_at;
  if (!row.is_null(4)) retire_at = row.instant(4);
  return SigningKey{.kid = row.string(0),
                    .public_key = std::move(key),
                    .state = state,
                    .created_at = row.instant(3),
                    .retire_at = retire_at};
}

Result<bool> has_row(Connection& db, Sql sql, std::string_view kid) {
  AJWT_ASSIGN(Query query, db.query(sql, kid));
  return query.next();
}

}  // namespace

std::string SqliteStore::key_file(std::string_view kid) const {
  return key_directory_ + "/" + std::string(kid) + ".pem";
}

Result<std::vector<SigningKey>> SqliteStore::list_signing_keys() {
  return read([](Connection& db) -> Result<std::vector<SigningKey>> {
    // The states in the order of their names: active, announced, retiring.
    AJWT_ASSIGN(Query query,
                db.query("SELECT kid, public_key, state, created_at, retire_at FROM signing_keys "
                         "UNION ALL SELECT kid, public_key, 'announced', created_at, NULL FROM "
                         "announced_keys ORDER BY 3, 4 DESC, 1"));
    return collect<SigningKey>(query, signing_key_from);
  });
}

Result<crypto::PrivateKey> SqliteStore::load_signing_key(std::string_view kid) {
  // An identifier has no '/': the name cannot lead out of the directory.
  if (!is_identifier(kid)) return refuse(Code::k_io_failed, "a key id that is none");
  AJWT_ASSIGN(crypto::PrivateKey key, files::load_key_file(key_file(kid)));
  if (jose::thumbprint(key.public_key()) != kid) {
    return refuse(Code::k_store_damaged, key_file(kid) +
                                             " holds another key than its name says; "
                                             "restore it from a backup");
  }
  return key;
}

Status SqliteStore::announce_signing_key(const crypto::PrivateKey& key, Instant now,
                                         const AuditEntry& audit) {
  const std::string kid = jose::thumbprint(key.public_key());
  AJWT_ASSIGN(const Secret pem, key.to_pem());
  // The file first: a row must never promise a key that is lost.
  AJWT_TRY(files::write_private_file(key_file(kid), pem));
  Status written = write(audit, [&](Connection& db) -> Status {
    AJWT_ASSIGN(const bool is_there, has_row(db, "SELECT 1 FROM signing_keys WHERE kid = ?1", kid));
    if (is_there) return refuse(Code::k_already_exists);
    return db.run(
        "INSERT INTO announced_keys (id, kid, public_key, created_at) VALUES (1, ?1, ?2, ?3)", kid,
        write_key(key.public_key()), now);
  });
  if (written) return ok();
  // A key that nobody will use is not left lying about, unless the file is an older row's.
  AJWT_ASSIGN(const auto keys, list_signing_keys());
  const auto is_it = [&](const SigningKey& other) { return other.kid == kid; };
  if (std::none_of(keys.begin(), keys.end(), is_it)) AJWT_TRY(remove_key_file(kid));
  return written;
}

Status SqliteStore::activate_signing_key(std::string_view kid, Instant retire_previous_at,
                                         const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_ASSIGN(const bool is_announced,
                has_row(db, "SELECT 1 FROM announced_keys WHERE kid = ?1", kid));
    if (!is_announced) return refuse(Code::k_state_changed);
    AJWT_TRY(
        db.run("UPDATE signing_keys SET state = 'retiring', retire_at = ?1 "
               "WHERE state = 'active'",
               retire_previous_at));
    AJWT_TRY(
        db.run("INSERT INTO signing_keys (kid, public_key, state, created_at) "
               "SELECT kid, public_key, 'active', created_at FROM announced_keys"));
    return db.run("DELETE FROM announced_keys");
  });
}

Status SqliteStore::remove_signing_key(std::string_view kid, const AuditEntry& audit) {
  AJWT_ASSIGN(const auto keys, list_signing_keys());
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const SigningKey& each) { return each.kid == kid; });
  if (key == keys.end()) return refuse(Code::k_not_found);
  // Nothing makes a key active again, so what is not active now cannot become so by the time that
  // its file goes; an announced one could, but for KeyRing, which does one thing at a time.
  if (key->state == SigningKeyState::kActive) return refuse(Code::k_state_changed);
  // The file first: what fails in between is done by the next call, which finds the row.
  AJWT_TRY(remove_key_file(kid));
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(db.run("DELETE FROM announced_keys WHERE kid = ?1", kid));
    return db.run("DELETE FROM signing_keys WHERE kid = ?1 AND state = 'retiring'", kid);
  });
}

Status SqliteStore::remove_key_file(std::string_view kid) const {
  const std::string path = key_file(kid);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return files::io_failed("remove", path, errno);
  return files::sync_directory(key_directory_);
}

}  // namespace ajwt::store
