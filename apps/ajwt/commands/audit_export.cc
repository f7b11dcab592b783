// SPDX-License-Identifier: Apache-2.0
//
// `ajwt audit export`: the log as files that anyone can check with the verifier key alone.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "apps/ajwt/commands/audit.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "files/file.h"

namespace ajwt::app {
namespace {

struct ExportOptions {
  std::string folder;
  std::string key;
};

void declare(CLI::App& command, ExportOptions& options) {
  command.add_option("DIR", options.folder, "The folder to make; it must not be there yet")
      ->required();
  declare_log_key(command, options.key);
}

Status make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return ok();
  if (errno == EEXIST) return refuse(Code::k_already_exists, path + " is there already.");
  return files::io_failed("create", path, errno);
}

// Part is one file of the export.
class Part {
 public:
  explicit Part(std::string path) : path_(std::move(path)), file_(path_, std::ios::binary) {}
  Status write(std::string_view text) {
    file_.write(text.data(), static_cast<std::streamsize>(text.size()));
    return file_ ? ok() : files::io_failed("write", path_, errno);
  }
  Status close() {
    file_.close();
    return file_ ? ok() : files::io_failed("write", path_, errno);
  }

 private:
  std::string path_;
  std::ofstream file_;
};

Status write_part(const std::string& path, std::string_view text) {
  Part part(path);
  AJWT_TRY(part.write(text));
  return part.close();
}

Status write_entries(Session& session, RemoteAudit& source, std::uint64_t size,
                     const std::string& folder) {
  Part hashes(folder + "/hashes");
  Part entries(folder + "/entries.jsonl");
  for (std::uint64_t begin = 0; begin < size; begin += kMerkleTileWidth) {
    const std::size_t count = std::min<std::uint64_t>(kMerkleTileWidth, size - begin);
    const auto first = static_cast<std::int64_t>(begin + 1);
    AJWT_ASSIGN(const auto tile, source.list_hashes(first, count));
    AJWT_TRY(hashes.write(as_text(join_hashes(tile))));
    AJWT_ASSIGN(const auto leaves, source.list_leaves(first, count));
    for (const LogLeaf& leaf : leaves) AJWT_TRY(entries.write(write_leaf(leaf) + "\n"));
    note_progress(session, begin + count, size);
  }
  AJWT_TRY(hashes.close());
  return entries.close();
}

Status export_log(Session& session, const ExportOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  RemoteAudit source(*connection);
  AJWT_ASSIGN(const VerifierKey key, load_log_key(session, options.key, source));
  AJWT_ASSIGN(const std::string note, source.get_checkpoint());
  AJWT_ASSIGN(const Checkpoint checkpoint, verify_checkpoint(note, key));
  AJWT_TRY(make_folder(options.folder));
  AJWT_TRY(write_entries(session, source, checkpoint.head.size, options.folder));
  AJWT_TRY(write_part(options.folder + "/key", key.str() + "\n"));
  // The last: an export without its checkpoint was not finished.
  AJWT_TRY(write_part(options.folder + "/checkpoint", note));
  session.print_fields({{"folder", options.folder},
                        {"size", static_cast<std::int64_t>(checkpoint.head.size)},
                        {"next", "ajwt audit verify " + options.folder}});
  return ok();
}

}  // namespace

void add_audit_export(CLI::App& audit, Session& session) {
  add_verb<ExportOptions>(
      audit, session,
      {.name = "export",
       .summary = "Write the log to files that anyone can check: entries, hashes, checkpoint, key.",
       .examples = {"ajwt audit export audit-2026-11", "ajwt audit export ./export -o json"},
       .reaches = Reaches::kAuthority},
      declare, export_log);
}

}  // namespace ajwt::app
