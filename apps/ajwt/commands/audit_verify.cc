// SPDX-License-Identifier: Apache-2.0
//
// `ajwt audit verify`: whether a log is the one that its authority signed.
#include <memory>

#include "apps/ajwt/audit/verify_log.h"
#include "apps/ajwt/commands/audit.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "jose/base64.h"

namespace ajwt::app {
namespace {

struct VerifyOptions {
  std::string folder;
  std::string key;
  std::string since;
};

void declare(CLI::App& command, VerifyOptions& options) {
  command.add_option("DIR", options.folder,
                     "An export to check, without any authority; default: the running log");
  declare_log_key(command, options.key);
  command
      .add_option("--since", options.since,
                  "A checkpoint of before, such as an earlier export's: the log must go on from "
                  "there")
      ->type_name("FILE");
}

json::Array write_faults(const LogReport& report) {
  json::Array rows;
  for (const LogFault& fault : report.faults) {
    rows.emplace_back(json::Object{
        {"fault", fault.what}, {"sequence", fault.sequence}, {"differs", fault.differs}});
  }
  return rows;
}

void print(Session& session, const VerifierKey& key, const LogReport& report) {
  const auto size = static_cast<std::int64_t>(report.head.size);
  if (session.is_json()) {
    session.print_json(json::Object{{"log", key.name()},
                                    {"size", size},
                                    {"root", jose::encode_base64(ByteView(report.head.root))},
                                    {"key", key.str()},
                                    {"faults", write_faults(report)}});
    return;
  }
  if (report.faults.empty()) {
    session.print_fields(
        {{"log", key.name()}, {"size", size}, {"verdict", "every entry is as it was signed"}});
  } else {
    session.print_rows({"fault", "sequence", "differs"}, write_faults(report));
  }
}

Status verify_source(Session& session, AuditSource& source, const VerifyOptions& options) {
  AJWT_ASSIGN(VerifierKey key, load_log_key(session, options.key, source));
  AJWT_ASSIGN(std::string checkpoint, source.get_checkpoint());
  LogCheck check{std::move(key), std::move(checkpoint), std::nullopt};
  if (!options.since.empty()) {
    AJWT_ASSIGN(check.since, read_input(options.since));
  }
  const auto progress = [&](std::uint64_t done, std::uint64_t all) {
    note_progress(session, done, all);
  };
  AJWT_ASSIGN(const LogReport report, verify_log(source, check, progress));
  print(session, check.key, report);
  if (!report.faults.empty()) session.finish(ExitCode::kDefenceFailed);
  return ok();
}

Status verify(Session& session, const VerifyOptions& options) {
  if (!options.folder.empty()) {
    AJWT_ASSIGN(const auto folder, AuditFolder::open(options.folder));
    return verify_source(session, *folder, options);
  }
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  RemoteAudit source(*connection);
  return verify_source(session, source, options);
}

}  // namespace

void add_audit_verify(CLI::App& audit, Session& session) {
  add_verb<VerifyOptions>(
      audit, session,
      {.name = "verify",
       .summary = "Check a whole log against what its authority signed; exit code 8 if it differs.",
       .examples = {"ajwt audit verify", "ajwt audit verify --since last-week/checkpoint",
                    "ajwt audit verify export/ --log-key log.key"},
       .reaches = Reaches::kAuthority},
      declare, verify);
}

}  // namespace ajwt::app
