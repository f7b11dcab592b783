// SPDX-License-Identifier: Apache-2.0
//
// `ajwt audit`: the authority's record of decisions.
#include "apps/ajwt/commands/audit.h"

#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/time_text.h"
#include "protocol/names.h"

namespace ajwt::app {

json::Object flat_entry(const json::Object& leaf) {
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

const std::vector<std::string>& entry_columns() {
  static const std::vector<std::string> columns{"sequence",  "time",          "app_id",
                                                "operation", "outcome",       "client_id",
                                                "sub",       "workflow_step", "decision_id"};
  return columns;
}

Result<std::int64_t> get_audit_end(Connection& connection) {
  AJWT_ASSIGN(const json::Object status,
              connection.get("/admin/status", {std::string(names::kScopeAdminAudit)}));
  const json::Object* store = status.find_object("store");
  const std::int64_t* end = store == nullptr ? nullptr : store->find_integer("audit_sequence");
  if (end == nullptr) return refuse(Code::k_response_malformed);
  return *end;
}

void declare_log_key(CLI::App& command, std::string& key) {
  command
      .add_option("--log-key", key,
                  "The log's verifier key, as text (<name>+<id>+<key>) or a file that has it; "
                  "default: what the log says of itself")
      ->type_name("KEY|FILE");
}

Result<VerifierKey> load_log_key(Session& session, const std::string& given, AuditSource& source) {
  std::string text = given;
  if (text.empty()) {
    AJWT_ASSIGN(text, source.get_key());
  } else if (text.find('+') == std::string::npos) {
    AJWT_ASSIGN(text, read_input(text));
  }
  while (text.ends_with('\n')) text.pop_back();
  if (given.empty()) {
    session.note("Without --log-key the log's own word for its key is taken: " + text);
  }
  return VerifierKey::parse(text);
}

Result<json::Object> list_entries(Connection& connection, std::int64_t after, std::int64_t limit,
                                  const std::string& app) {
  std::string path =
      "/admin/audit?after=" + std::to_string(after) + "&limit=" + std::to_string(limit);
  if (!app.empty()) path += "&app_id=" + path_segment(app);
  return connection.get(path, {std::string(names::kScopeAdminAudit)});
}

void note_progress(Session& session, std::uint64_t done, std::uint64_t all) {
  constexpr std::uint64_t kTellEvery = 100 * kMerkleTileWidth;
  if (done % kTellEvery != 0) return;
  session.note(std::to_string(done) + " of " + std::to_string(all) + " entries");
}

void add_audit_command(CLI::App& root, Session& session) {
  CLI::App& audit =
      add_noun(root, {.name = "audit",
                      .summary = "Read and check the record of the authority's decisions.",
                      .examples = {"ajwt audit list --last 20", "ajwt audit verify"}});
  add_audit_list(audit, session);
  add_audit_tail(audit, session);
  add_audit_show(audit, session);
  add_audit_verify(audit, session);
  add_audit_export(audit, session);
}

}  // namespace ajwt::app
