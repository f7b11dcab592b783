// SPDX-License-Identifier: Apache-2.0
//
// `ajwt audit show`: one decision, and the proof that it is in the log.
#include "apps/ajwt/commands/audit.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "base/decimal.h"
#include "jose/base64.h"
#include "json/parse.h"

namespace ajwt::app {
namespace {

struct ShowOptions {
  std::string which;
  std::string key;
};

void declare(CLI::App& command, ShowOptions& options) {
  command
      .add_option("ENTRY", options.which,
                  "Its sequence number, or the decision_id that an answer, a log or a trace has")
      ->required();
  declare_log_key(command, options.key);
}

Result<std::vector<LogLeaf>> find_leaves(RemoteAudit& source, const std::string& which) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
  const std::uint64_t sequence = parse_decimal(which).value_or(0);
  const bool is_sequence = sequence > 0 && sequence < kMost;
  AJWT_ASSIGN(auto leaves, is_sequence ? source.list_leaves(static_cast<std::int64_t>(sequence), 1)
                                       : source.list_leaves_of(which));
  if (leaves.empty()) return refuse(Code::k_not_found, "There is no entry " + which + ".");
  return leaves;
}

// prove checks that the signed log has the leaf in its place.
Result<json::Object> prove(RemoteAudit& source, const VerifierKey& key, const LogLeaf& leaf) {
  AJWT_ASSIGN(const std::string note, source.get_checkpoint());
  AJWT_ASSIGN(const Checkpoint checkpoint, verify_checkpoint(note, key));
  AJWT_ASSIGN(const MerkleProof proof, source.prove_inclusion(leaf.sequence, checkpoint.head.size));
  AJWT_TRY(check_inclusion(leaf.hash(), static_cast<std::uint64_t>(leaf.sequence - 1),
                           checkpoint.head, proof));
  json::Array hashes;
  for (const Digest& hash : proof) hashes.emplace_back(jose::encode_base64(ByteView(hash)));
  return json::Object{{"size", static_cast<std::int64_t>(checkpoint.head.size)},
                      {"proof", std::move(hashes)},
                      {"checkpoint", note},
                      {"key", key.str()}};
}

Status show(Session& session, const ShowOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  RemoteAudit source(*connection);
  AJWT_ASSIGN(const VerifierKey key, load_log_key(session, options.key, source));
  AJWT_ASSIGN(const auto leaves, find_leaves(source, options.which));
  for (const LogLeaf& leaf : leaves) {
    AJWT_ASSIGN(json::Object entry, json::parse_object(leaf.leaf, json::Limits{1024 * 1024, 64}));
    // What the log gives must be what was asked for: its own word is all that says so.
    if (std::to_string(leaf.sequence) != options.which &&
        entry.text("decision_id") != options.which) {
      return refuse(Code::k_audit_log_altered, "Entry " + std::to_string(leaf.sequence) +
                                                   " is given for " + options.which + ".");
    }
    AJWT_ASSIGN(json::Object inclusion, prove(source, key, leaf));
    if (session.is_json()) {
      session.print_json(json::Object{{"entry", std::move(entry)},
                                      {"leaf_hash", jose::encode_base64(ByteView(leaf.hash()))},
                                      {"inclusion", std::move(inclusion)}});
      continue;
    }
    json::Object fields = flat_entry({{"sequence", leaf.sequence}, {"entry", std::move(entry)}});
    fields.set("proven", "in the log of " + std::to_string(*inclusion.find_integer("size")) +
                             " entries that " + key.name() + " signed");
    session.print_fields(fields);
  }
  return ok();
}

}  // namespace

void add_audit_show(CLI::App& audit, Session& session) {
  add_verb<ShowOptions>(
      audit, session,
      {.name = "show",
       .summary = "Show one decision, and check the proof that it is in the signed log.",
       .examples = {"ajwt audit show 17", "ajwt audit show dec_01mcc5rm00qwcz3y78d1cvd244 -o json"},
       .reaches = Reaches::kAuthority},
      declare, show);
}

}  // namespace ajwt::app
