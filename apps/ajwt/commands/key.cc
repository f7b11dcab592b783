// SPDX-License-Identifier: Apache-2.0
//
// `ajwt key`: the authority's signing keys.
#include <string>
#include <utility>

#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kKeyScopes{std::string(names::kScopeAdminKeys)};

// KeyOptions are the arguments of the commands that change something.
struct KeyOptions {
  bool now = false;
  std::string kid;
};

Status print_keys(Session& session, const json::Object& answer) {
  AJWT_ASSIGN(const json::Array keys, get_rows(answer, "keys"));
  session.print_rows({"kid", "alg", "status", "created_at", "activate_at", "retire_at"}, keys);
  return ok();
}

Status list_keys(Session& session) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer, connection->get("/admin/keys", kKeyScopes));
  return print_keys(session, answer);
}

void declare_rotate(CLI::App& command, KeyOptions& options) {
  command.add_flag("--now", options.now,
                   "Sign with it at once: guards refuse its tokens until they have fetched it");
}

Status rotate(Session& session, const KeyOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  json::Object body;
  if (options.now) body.set("now", true);
  AJWT_ASSIGN(const json::Object answer,
              connection->send("POST", "/admin/keys/rotate", std::move(body), kKeyScopes));
  return print_keys(session, answer);
}

void declare_revoke(CLI::App& command, KeyOptions& options) {
  // By name too: a key id may begin with a hyphen.
  command.add_option("--kid,KID", options.kid, "The key's id; --kid=KID if it begins with -")
      ->required();
}

Status revoke(Session& session, const KeyOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer,
              connection->send("POST", "/admin/keys/" + path_segment(options.kid) + "/revoke", {},
                               kKeyScopes));
  AJWT_TRY(print_keys(session, answer));
  session.note("Guards refuse the key's tokens when they have fetched the keys next.");
  return ok();
}

}  // namespace

void add_key_command(CLI::App& root, Session& session) {
  CLI::App& key =
      add_noun(root, {.name = "key",
                      .summary = "See, rotate and revoke the authority's signing keys.",
                      .examples = {"ajwt key list", "ajwt key rotate", "ajwt key revoke KID"}});
  add_command(key, session,
              {.name = "list",
               .summary = "List the signing keys that are published.",
               .examples = {"ajwt key list", "ajwt key list -o json"},
               .reaches = Reaches::kAuthority},
              [&session] { return list_keys(session); });
  add_verb<KeyOptions>(
      key, session,
      {.name = "rotate",
       .summary = "Announce a new key; it signs once every guard knows it, and no request fails.",
       .examples = {"ajwt key rotate", "ajwt key rotate --now -o json"},
       .reaches = Reaches::kAuthority},
      declare_rotate, rotate);
  add_verb<KeyOptions>(
      key, session,
      {.name = "revoke",
       .summary = "Remove a key that is in wrong hands: tokens that it signed are refused.",
       .examples = {"ajwt key revoke KID", "ajwt key revoke --kid=KID -o json"},
       .reaches = Reaches::kAuthority},
      declare_revoke, revoke);
}

}  // namespace ajwt::app
