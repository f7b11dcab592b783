// SPDX-License-Identifier: Apache-2.0
//
// `ajwt audit`: the authority's record of decisions.
#include <algorithm>
#include <optional>

#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "apps/ajwt/support/time_text.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

struct AuditOptions {
  std::int64_t after = 0;
  std::int64_t limit = 100;
  std::optional<std::int64_t> last;
  std::string app;
};

void declare(CLI::App& command, AuditOptions& options) {
  CLI::Option* last =
      command
          .add_option("--last", options.last,
                      "The newest entries of the log, so many; with --app, those of them that are "
                      "the application's")
          ->check(CLI::Range(1, 1000));
  command.add_option("--after", options.after, "Only entries with a higher sequence number")
      ->check(CLI::NonNegativeNumber)
      ->excludes(last)
      ->capture_default_str();
  command.add_option("--limit", options.limit, "How many entries at most")
      ->check(CLI::Range(1, 1000))
      ->excludes(last)
      ->capture_default_str();
  command.add_option("--app", options.app, "Of one application; default: all")->type_name("ID");
}

// flat puts what a table shows of an entry into one row.
json::Object flat(const json::Object& leaf) {
  json::Object row;
  const json::Value* sequence = leaf.find("sequence");
  const json::Value* entry = leaf.find("entry");
  if (sequence == nullptr || entry == nullptr || entry->find_object() == nullptr) return row;
  row.set("sequence", *sequence);
  for (const auto& member : entry->as_object().members()) {
    const std::int64_t* seconds = member.value.find_integer();
    if (member.name == "time" && seconds != nullptr) {
      row.set("time", time_text(from_unix(*seconds)));
    } else {
      row.set(member.name, member.value);
    }
  }
  return row;
}

struct AuditRange {
  std::int64_t after;
  std::int64_t limit;
};

// find_range asks where the log ends, where the newest entries are wanted. Our own requests make
// entries, too, which come after it.
Result<AuditRange> find_range(Connection& connection, const AuditOptions& options) {
  if (!options.last) return AuditRange{options.after, options.limit};
  AJWT_ASSIGN(const json::Object status,
              connection.get("/admin/status", {std::string(names::kScopeAdminAudit)}));
  const json::Object* store = status.find_object("store");
  const std::int64_t* end = store == nullptr ? nullptr : store->find_integer("audit_sequence");
  if (end == nullptr) return refuse(Code::k_response_malformed);
  return AuditRange{std::max<std::int64_t>(*end - *options.last, 0), *options.last};
}

Status list(Session& session, const AuditOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const AuditRange range, find_range(*connection, options));
  std::string path =
      "/admin/audit?after=" + std::to_string(range.after) + "&limit=" + std::to_string(range.limit);
  if (!options.app.empty()) path += "&app_id=" + path_segment(options.app);
  AJWT_ASSIGN(const json::Object answer,
              connection->get(path, {std::string(names::kScopeAdminAudit)}));
  AJWT_ASSIGN(const json::Array entries, get_rows(answer, "entries"));
  if (session.is_json()) {
    session.print_json(answer);
    return ok();
  }
  json::Array rows;
  for (const json::Value& leaf : entries) rows.emplace_back(flat(leaf.as_object()));
  session.print_rows({"sequence", "time", "app_id", "operation", "outcome", "client_id", "sub",
                      "workflow_step", "decision_id"},
                     rows);
  return ok();
}

}  // namespace

void add_audit_command(CLI::App& root, Session& session) {
  CLI::App& audit = add_noun(
      root, {.name = "audit",
             .summary = "Read the record of the authority's decisions.",
             .examples = {"ajwt audit list", "ajwt audit list --app patch-fleet -o json"}});
  add_verb<AuditOptions>(audit, session,
                         {.name = "list",
                          .summary = "List entries, oldest first.",
                          .examples = {"ajwt audit list --limit 20", "ajwt audit list --last 10",
                                       "ajwt audit list --after 100 --app patch-fleet"},
                          .reaches = Reaches::kAuthority},
                         declare, list);
}

}  // namespace ajwt::app
