// SPDX-License-Identifier: Apache-2.0
//
// `ajwt audit tail`: the newest entries, and those that come.
#include <algorithm>
#include <chrono>
#include <ostream>
#include <thread>

#include "apps/ajwt/commands/audit.h"
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "json/write.h"

namespace ajwt::app {
namespace {

constexpr std::chrono::milliseconds kLookEvery{1000};
constexpr std::int64_t kPage = 1000;

struct TailOptions {
  std::int64_t last = 10;
  std::string app;
  bool once = false;
};

void declare(CLI::App& command, TailOptions& options) {
  command.add_option("--last", options.last, "How many entries to begin with")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command.add_option("--app", options.app, "Of one application; default: all")->type_name("ID");
  command.add_flag("--once", options.once, "Print these and end");
}

// print writes a line an entry: a row of words, or with -o json a document.
void print(Session& session, const json::Object& leaf) {
  if (session.is_json()) {
    session.out() << json::write(leaf) << std::endl;
    return;
  }
  const json::Object row = flat_entry(leaf);
  std::string line;
  for (const std::string& column : entry_columns()) {
    const json::Value* value = row.find(column);
    line += (line.empty() ? "" : "  ") + (value == nullptr ? "-" : text_of(*value));
  }
  session.out() << line << std::endl;
}

// print_after prints what came after `after` and returns the number of the last entry.
Result<std::int64_t> print_after(Session& session, Connection& connection, std::int64_t after,
                                 const std::string& app) {
  while (true) {
    AJWT_ASSIGN(const json::Object answer, list_entries(connection, after, kPage, app));
    AJWT_ASSIGN(const json::Array entries, get_rows(answer, "entries"));
    if (entries.empty()) return after;
    for (const json::Value& leaf : entries) {
      print(session, leaf.as_object());
      const std::int64_t* sequence = leaf.as_object().find_integer("sequence");
      if (sequence != nullptr) after = *sequence;
    }
  }
}

Status tail(Session& session, const TailOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const std::int64_t end, get_audit_end(*connection));
  std::int64_t after = std::max<std::int64_t>(end - options.last, 0);
  while (true) {
    AJWT_ASSIGN(after, print_after(session, *connection, after, options.app));
    if (options.once) return ok();
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace

void add_audit_tail(CLI::App& audit, Session& session) {
  add_verb<TailOptions>(audit, session,
                        {.name = "tail",
                         .summary = "Print the newest entries, and each new one until Ctrl-C.",
                         .examples = {"ajwt audit tail", "ajwt audit tail --app shop -o json",
                                      "ajwt audit tail --last 50 --once"},
                         .reaches = Reaches::kAuthority},
                        declare, tail);
}

}  // namespace ajwt::app
