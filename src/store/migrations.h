// SPDX-License-Identifier: Apache-2.0
//
// The schema's history: numbered scripts, each applied once, in order, in a transaction of its own.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "store/database.h"

namespace ajwt::store {

// Migration is one step of the schema. Once released, its script never changes; it drops
// neither tables nor columns.
struct Migration {
  std::string_view name;
  const char* script;
};

extern const char* const kFirstLight;  // migrations/0001_first_light.cc
// migrations/0002_activation_and_confirmation.cc
extern const char* const kActivationAndConfirmation;
extern const char* const kDraft00;          // migrations/0003_draft_00.cc
extern const char* const kAnnouncedKeys;    // migrations/0004_announced_keys.cc
extern const char* const kComponentHashes;  // migrations/0005_component_hashes.cc
extern const char* const kDraft00Parts;     // migrations/0006_draft_00_parts.cc
extern const char* const kAuditTiles;       // migrations/0007_audit_tiles.cc

// all_migrations returns the history; the first is number 1.
std::span<const Migration> all_migrations();

// check_database refuses k_store_damaged for a file that is no database, is another program's, or
// fails SQLite's own check; k_store_too_new for one with more migrations than this version knows.
// `path` is for the message.
Status check_database(Connection& db, std::string_view path);

// migrate applies what is missing of `migrations`. Refuses k_store_too_new, and k_store_damaged if
// what was applied has another text than this version's.
Status migrate(Connection& db, std::string_view path, std::span<const Migration> migrations);

}  // namespace ajwt::store
