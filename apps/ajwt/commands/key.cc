// SPDX-License-Identifier: Apache-2.0
//
// `ajwt key`: the authority's signing keys.
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kKeyScopes{std::string(names::kScopeAdminKeys)};

Status print_keys(Session& session, const json::Object& answer) {
  AJWT_ASSIGN(const json::Array keys, get_rows(answer, "keys"));
  session.print_rows({"kid", "alg", "status", "created_at", "retire_at"}, keys);
  return ok();
}

Status list_keys(Session& session) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer, connection->get("/admin/keys", kKeyScopes));
  return print_keys(session, answer);
}

Status rotate(Session& session) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer,
              connection->send("POST", "/admin/keys/rotate", {}, kKeyScopes));
  return print_keys(session, answer);
}

}  // namespace

void add_key_command(CLI::App& root, Session& session) {
  CLI::App& key = add_noun(root, {.name = "key",
                                  .summary = "See and rotate the authority's signing keys.",
                                  .examples = {"ajwt key list", "ajwt key rotate"}});
  add_command(key, session,
              {.name = "list",
               .summary = "List the signing keys that are published.",
               .examples = {"ajwt key list", "ajwt key list -o json"},
               .reaches = Reaches::kAuthority},
              [&session] { return list_keys(session); });
  add_command(key, session,
              {.name = "rotate",
               .summary = "Sign with a new key; the old one stays published while its tokens live.",
               .examples = {"ajwt key rotate", "ajwt key rotate -o json"},
               .reaches = Reaches::kAuthority},
              [&session] { return rotate(session); });
}

}  // namespace ajwt::app
