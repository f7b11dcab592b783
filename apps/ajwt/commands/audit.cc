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
    session.note("Without --log-key the log's own word for its key is taken: " + text);
  } else if (text.find('+') == std::string::npos) {
    AJWT_ASSIGN(text, read_input(text));
  }
  while (text.ends_with('\n')) text.pop_back();
  return VerifierKey::parse(text);
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
