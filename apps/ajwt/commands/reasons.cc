// SPDX-License-Identifier: Apache-2.0
//
// `ajwt reasons`: the table of every way to say no; docs/reference/reasons.md is its output.
#include <ostream>

#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "base/reason.h"

namespace ajwt::app {
namespace {

struct ReasonsOptions {
  std::string name;
  bool markdown = false;
};

json::Object to_json(const Reason& reason) {
  return json::Object{{"number", static_cast<std::int64_t>(reason.code)},
                      {"name", reason.name},
                      {"class", reason.klass == ReasonClass::kRefusal ? "refusal" : "failure"},
                      {"error", reason.oauth_error},
                      {"http_status", reason.http_status},
                      {"exit_code", static_cast<int>(exit_code_of(reason.code))},
                      {"sentence", reason.sentence},
                      {"source", reason.source}};
}

void print_markdown(std::ostream& out) {
  out << "# Reasons\n\n"
         "Every way in which ajwt says no. Names and numbers are stable. `error` is the wire's\n"
         "`error`; a *refusal* means that the request breaks a rule and will be refused again, a\n"
         "*failure* that our own world broke and that it may be sent again. The last column is "
         "the\n"
         "exit code of a command that ends with it. Each has a page at `/e/<name>` of a running\n"
         "authority. Made by `ajwt reasons --markdown`.\n\n"
         "| number | name | class | error | HTTP | sentence | source | exit |\n"
         "|---|---|---|---|---|---|---|---|\n";
  for (const Reason& reason : all_reasons()) {
    out << "| " << static_cast<int>(reason.code) << " | <a id=\"" << reason.name << "\"></a>`"
        << reason.name << "` | " << (reason.klass == ReasonClass::kRefusal ? "refusal" : "failure")
        << " | " << reason.oauth_error << " | " << reason.http_status << " | " << reason.sentence
        << " | " << reason.source << " | " << static_cast<int>(exit_code_of(reason.code)) << " |\n";
  }
}

void declare(CLI::App& command, ReasonsOptions& options) {
  command.add_option("name", options.name, "One reason's name; default: all");
  command.add_flag("--markdown", options.markdown, "As docs/reference/reasons.md");
}

Status run(Session& session, const ReasonsOptions& options) {
  if (options.markdown) {
    print_markdown(session.out());
    return ok();
  }
  if (!options.name.empty()) {
    const auto reason = find_reason(options.name);
    if (!reason) return refuse(Code::k_not_found, "No reason has the name " + options.name + ".");
    session.print_fields(to_json(*reason));
    return ok();
  }
  json::Array rows;
  for (const Reason& reason : all_reasons()) rows.emplace_back(to_json(reason));
  session.print_rows({"number", "name", "http_status", "error", "sentence"}, rows);
  return ok();
}

}  // namespace

void add_reasons_command(CLI::App& root, Session& session) {
  add_verb<ReasonsOptions>(root, session,
                           {.name = "reasons",
                            .summary = "List every way to say no: name, number, HTTP status.",
                            .examples = {"ajwt reasons", "ajwt reasons agent_checksum_mismatch",
                                         "ajwt reasons -o json"}},
                           declare, run);
}

}  // namespace ajwt::app
