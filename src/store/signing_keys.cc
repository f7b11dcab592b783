// SPDX-License-Identifier: Apache-2.0
//
// Signing keys: rows say which there are, files hold their private parts.
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "jose/jwk.h"
#include "store/key_files.h"
#include "store/rows.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::AuditEntry;
using authority::SigningKey;

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

}  // namespace

std::string SqliteStore::key_file(std::string_view kid) const {
  return key_directory_ + "/" + std::string(kid) + ".pem";
}

Result<std::vector<SigningKey>> SqliteStore::list_signing_keys() {
  return read([](Connection& db) -> Result<std::vector<SigningKey>> {
    AJWT_ASSIGN(Query query, db.query("SELECT kid, public_key, state, created_at, retire_at FROM "
                                      "signing_keys ORDER BY state, created_at DESC, kid"));
    return collect<SigningKey>(query, signing_key_from);
  });
}

Result<crypto::PrivateKey> SqliteStore::load_signing_key(std::string_view kid) {
  // An identifier has no '/': the name cannot lead out of the directory.
  if (!is_identifier(kid)) return refuse(Code::k_io_failed, "a key id that is none");
  AJWT_ASSIGN(crypto::PrivateKey key, load_private_key_file(key_file(kid)));
  if (jose::thumbprint(key.public_key()) != kid) {
    return refuse(Code::k_store_damaged, key_file(kid) +
                                             " holds another key than its name says; "
                                             "restore it from a backup");
  }
  return key;
}

Status SqliteStore::add_signing_key(const crypto::PrivateKey& key, Instant now,
                                    Instant retire_previous_at, const AuditEntry& audit) {
  const std::string kid = jose::thumbprint(key.public_key());
  AJWT_ASSIGN(const Secret pem, key.to_pem());
  // The file first: a row must never promise a key that is lost. A file without a row is harmless.
  AJWT_TRY(write_private_file(key_file(kid), pem));
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("UPDATE signing_keys SET state = 'retiring', retire_at = ?1 "
               "WHERE state = 'active'",
               retire_previous_at));
    return db.run(
        "INSERT INTO signing_keys (kid, public_key, state, created_at) "
        "VALUES (?1, ?2, 'active', ?3)",
        kid, write_key(key.public_key()), now);
  });
}

Status SqliteStore::drop_retired(Instant now) {
  AJWT_ASSIGN(const std::vector<std::string> kids,
              read([&](Connection& db) -> Result<std::vector<std::string>> {
                AJWT_ASSIGN(Query query, db.query("SELECT kid FROM signing_keys WHERE "
                                                  "state = 'retiring' AND retire_at <= ?1",
                                                  now));
                return collect<std::string>(
                    query, [](const Query& row) -> Result<std::string> { return row.string(0); });
              }));
  if (kids.empty()) return ok();
  // The files first: what fails in between is done by the next call, which finds the rows.
  for (const std::string& kid : kids) {
    const std::string path = key_file(kid);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return io_failed("remove", path, errno);
  }
  AJWT_TRY(sync_directory(key_directory_));
  return queue_->run([&](Writer& writer) -> Status {
    return writer.db().run("DELETE FROM signing_keys WHERE state = 'retiring' AND retire_at <= ?1",
                           now);
  });
}

}  // namespace ajwt::store
