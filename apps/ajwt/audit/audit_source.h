// SPDX-License-Identifier: Apache-2.0
//
// Where an audit log is read from for checking it: a running authority, or the files of an export.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/ajwt/support/profile.h"
#include "base/bytes.h"
#include "base/result.h"
#include "protocol/merkle.h"

namespace ajwt::app {

// LogLeaf is an entry as the log's hashes are over it.
struct LogLeaf {
  std::int64_t sequence;
  std::string leaf;  // JCS text
  Bytes salt;
  std::size_t place = 0;  // where it stands in its source, from 0

  // hash is the leaf of the Merkle tree (protocol 5.2).
  Digest hash() const;
};

// AuditSource reads a log. Leaves are numbered by sequence, from 1.
class AuditSource {
 public:
  virtual ~AuditSource() = default;
  // get_key returns what the source says the log's verifier key is, a line; nobody has vouched for
  // it.
  virtual Result<std::string> get_key() = 0;
  virtual Result<std::string> get_checkpoint() = 0;
  // list_hashes returns the leaves' hashes that the source keeps, for sequences `first` to
  // `first` + `count` - 1, all of one tile of 256.
  virtual Result<std::vector<Digest>> list_hashes(std::int64_t first, std::size_t count) = 0;
  // list_leaves returns the leaves with those sequences, by sequence, as often as they are there.
  virtual Result<std::vector<LogLeaf>> list_leaves(std::int64_t first, std::size_t count) = 0;
  // list_unsigned returns the leaves beyond `size` that a source which does not grow has.
  virtual std::vector<LogLeaf> list_unsigned(std::uint64_t size) const = 0;
};

// RemoteAudit reads from a running authority; `connection` outlives it. Entries need admin:audit,
// the rest is public.
class RemoteAudit final : public AuditSource {
 public:
  explicit RemoteAudit(Connection& connection)
      : connection_(connection), http_({.ca_file = connection.profile().ca_file}) {}
  Result<std::string> get_key() override;
  Result<std::string> get_checkpoint() override;
  Result<std::vector<Digest>> list_hashes(std::int64_t first, std::size_t count) override;
  Result<std::vector<LogLeaf>> list_leaves(std::int64_t first, std::size_t count) override;
  // A running log goes on after it was signed.
  std::vector<LogLeaf> list_unsigned(std::uint64_t) const override { return {}; }
  // list_leaves_of returns what was written under one decision's id.
  Result<std::vector<LogLeaf>> list_leaves_of(const std::string& decision_id);
  // prove_inclusion asks for the proof that an entry is in the log of `size` entries.
  Result<MerkleProof> prove_inclusion(std::int64_t sequence, std::uint64_t size);

 private:
  Result<std::string> fetch(const std::string& path);
  Result<std::vector<LogLeaf>> ask(const std::string& query);

  Connection& connection_;
  http::CurlClient http_;
};

// AuditFolder is an export: `key`, `checkpoint`, `hashes` (32 bytes an entry) and `entries.jsonl`.
class AuditFolder final : public AuditSource {
 public:
  // open reads which entries there are. Refuses k_io_failed, k_json_malformed and
  // k_value_malformed, naming file and line.
  static Result<std::unique_ptr<AuditFolder>> open(std::string path);
  Result<std::string> get_key() override;
  Result<std::string> get_checkpoint() override;
  Result<std::vector<Digest>> list_hashes(std::int64_t first, std::size_t count) override;
  Result<std::vector<LogLeaf>> list_leaves(std::int64_t first, std::size_t count) override;
  std::vector<LogLeaf> list_unsigned(std::uint64_t size) const override;

 private:
  AuditFolder(std::string path, std::string hashes, std::vector<LogLeaf> leaves)
      : path_(std::move(path)), hashes_(std::move(hashes)), leaves_(std::move(leaves)) {}
  std::string path_;
  std::string hashes_;
  std::vector<LogLeaf> leaves_;  // by sequence, then by place
};

// write_leaf returns the line of entries.jsonl.
std::string write_leaf(const LogLeaf& leaf);

}  // namespace ajwt::app
