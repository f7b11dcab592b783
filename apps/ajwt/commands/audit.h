// SPDX-License-Identifier: Apache-2.0
//
// The parts of `ajwt audit`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/ajwt/audit/audit_source.h"
#include "apps/ajwt/support/session.h"
#include "base/result.h"
#include "protocol/checkpoint.h"

namespace ajwt::app {

void add_audit_export(CLI::App& audit, Session& session);
void add_audit_list(CLI::App& audit, Session& session);
void add_audit_show(CLI::App& audit, Session& session);
void add_audit_tail(CLI::App& audit, Session& session);
void add_audit_verify(CLI::App& audit, Session& session);

// flat_entry puts what a table shows of an entry, {"sequence","entry",..}, into one row.
json::Object flat_entry(const json::Object& leaf);

// entry_columns are the members of a flat entry that a table shows.
const std::vector<std::string>& entry_columns();

// list_entries asks for a page of entries; of one application if `app` is not empty.
Result<json::Object> list_entries(Connection& connection, std::int64_t after, std::int64_t limit,
                                  const std::string& app);

// note_progress tells how far reading a long log is, now and then.
void note_progress(Session& session, std::uint64_t done, std::uint64_t all);

// get_audit_end asks for the number of the newest entry. Our own requests make entries, too, which
// come after it.
Result<std::int64_t> get_audit_end(Connection& connection);

// declare_log_key adds --log-key.
void declare_log_key(CLI::App& command, std::string& key);

// load_log_key reads the verifier key that the user gave, as text or as a file's name; with none,
// what the source says of itself, and notes that. Refuses k_value_malformed, k_io_failed.
Result<VerifierKey> load_log_key(Session& session, const std::string& given, AuditSource& source);

}  // namespace ajwt::app
