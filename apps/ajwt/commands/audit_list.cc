// SPDX-License-Identifier: Apache-2.0
//
// `ajwt audit list`: entries of the authority's record, oldest first.
#include <algorithm>
#include <optional>

#include "apps/ajwt/commands/audit.h"
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"

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

struct AuditRange {
  std::int64_t after;
  std::int64_t limit;
};

// find_range asks where the log ends, where the newest entries are wanted.
Result<AuditRange> find_range(Connection& connection, const AuditOptions& options) {
  if (!options.last) return AuditRange{options.after, options.limit};
  AJWT_ASSIGN(const std::int64_t end, get_audit_end(connection));
  return AuditRange{std::max<std::int64_t>(end - *options.last, 0), *options.last};
}

Status list(Session& session, const AuditOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const AuditRange range, find_range(*connection, options));
  AJWT_ASSIGN(const json::Object answer,
              list_entries(*connection, range.after, range.limit, options.app));
  AJWT_ASSIGN(const json::Array entries, get_rows(answer, "entries"));
  if (session.is_json()) {
    session.print_json(answer);
    return ok();
  }
  json::Array rows;
  for (const json::Value& leaf : entries) rows.emplace_back(flat_entry(leaf.as_object()));
  session.print_rows(entry_columns(), rows);
  return ok();
}

}  // namespace

void add_audit_list(CLI::App& audit, Session& session) {
  add_verb<AuditOptions>(audit, session,
                         {.name = "list",
                          .summary = "List entries, oldest first.",
                          .examples = {"ajwt audit list --limit 20", "ajwt audit list --last 10",
                                       "ajwt audit list --after 100 --app patch-fleet"},
                          .reaches = Reaches::kAuthority},
                         declare, list);
}

}  // namespace ajwt::app
