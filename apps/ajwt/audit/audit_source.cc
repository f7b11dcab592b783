// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/audit/audit_source.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/input.h"
#include "jose/base64.h"
#include "jose/base64url.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr std::string_view kLeaf = "leaf";
constexpr std::string_view kSalt = "salt";
constexpr std::string_view kSequence = "sequence";

Result<LogLeaf> read_leaf(const json::Object& row) {
  const std::int64_t* sequence = row.find_integer(kSequence);
  const std::string* leaf = row.find_string(kLeaf);
  const std::string* salt = row.find_string(kSalt);
  if (sequence == nullptr || leaf == nullptr || salt == nullptr) {
    return refuse(Code::k_response_malformed, "An entry has sequence, leaf and salt.");
  }
  AJWT_ASSIGN(Bytes bytes, jose::decode_base64url(*salt));
  return LogLeaf{*sequence, *leaf, std::move(bytes)};
}

Result<std::vector<Digest>> read_hashes(std::string_view bytes) {
  auto hashes = split_hashes(as_bytes(bytes));
  if (hashes) return *std::move(hashes);
  return refuse(Code::k_response_malformed, "Hashes have 32 bytes each.");
}

// tile_path is C2SP tlog-tiles' name of the tile: groups of three digits, all but the last marked.
std::string tile_path(std::uint64_t index, std::size_t width) {
  const auto group = [](std::uint64_t number) {
    std::string digits = std::to_string(number % 1000);
    return std::string(3 - digits.size(), '0') + digits;
  };
  std::string path = group(index);
  while ((index /= 1000) > 0) path.insert(0, "x" + group(index) + "/");
  if (width < kMerkleTileWidth) path += ".p/" + std::to_string(width);
  return "/intent/audit/tile/0/" + path;
}

Result<std::string> read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return refuse(Code::k_io_failed, "cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

bool by_sequence(const LogLeaf& a, const LogLeaf& b) { return a.sequence < b.sequence; }

Error in_line(const std::string& path, std::size_t line, const Error& error) {
  return refuse(error.code(), path + ", line " + std::to_string(line) + ": " + error.message());
}

}  // namespace

Digest LogLeaf::hash() const { return audit_leaf_hash(salt, leaf); }

Result<std::string> RemoteAudit::fetch(const std::string& path) {
  const std::string url = connection_.profile().issuer + path;
  AJWT_TRY(check_plain_http(url));
  AJWT_ASSIGN(HttpResponse response,
              http_.send({.method = "GET", .url = url, .headers = {}, .body = {}}));
  if (response.status == 200) return std::move(response.body);
  const auto body = json::parse_object(response.body);
  const auto reason = body ? find_reason(body->text("reason")) : std::nullopt;
  return refuse(reason ? reason->code : Code::k_response_malformed,
                url + " answered " + std::to_string(response.status) + ".");
}

Result<std::string> RemoteAudit::get_key() { return fetch("/intent/audit/key"); }

Result<std::string> RemoteAudit::get_checkpoint() { return fetch("/intent/audit/checkpoint"); }

Result<std::vector<Digest>> RemoteAudit::list_hashes(std::int64_t first, std::size_t count) {
  const auto begin = static_cast<std::uint64_t>(first - 1);
  const std::size_t width = begin % kMerkleTileWidth + count;
  AJWT_ASSIGN(const std::string bytes, fetch(tile_path(begin / kMerkleTileWidth, width)));
  AJWT_ASSIGN(auto hashes, read_hashes(bytes));
  if (hashes.size() != width) return refuse(Code::k_response_malformed, "A tile of another size.");
  hashes.erase(hashes.begin(), hashes.end() - static_cast<std::ptrdiff_t>(count));
  return hashes;
}

Result<std::vector<LogLeaf>> RemoteAudit::ask(const std::string& query) {
  AJWT_ASSIGN(const json::Object answer, connection_.get("/admin/audit?form=leaf&" + query,
                                                         {std::string(names::kScopeAdminAudit)}));
  AJWT_ASSIGN(const json::Array rows, get_rows(answer, "entries"));
  std::vector<LogLeaf> leaves;
  for (const json::Value& row : rows) {
    AJWT_ASSIGN(LogLeaf leaf, read_leaf(row.as_object()));
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

// A page may end early: large entries make it small.
Result<std::vector<LogLeaf>> RemoteAudit::list_leaves(std::int64_t first, std::size_t count) {
  const std::int64_t end = first + static_cast<std::int64_t>(count);
  std::vector<LogLeaf> leaves;
  for (std::int64_t next = first; next < end;) {
    AJWT_ASSIGN(auto page,
                ask("after=" + std::to_string(next - 1) + "&limit=" + std::to_string(end - next)));
    std::erase_if(
        page, [&](const LogLeaf& leaf) { return leaf.sequence < next || leaf.sequence >= end; });
    if (page.empty()) break;
    next = page.back().sequence + 1;
    for (LogLeaf& leaf : page) {
      leaf.place = static_cast<std::size_t>(leaf.sequence);
      leaves.push_back(std::move(leaf));
    }
  }
  return leaves;
}

Result<std::vector<LogLeaf>> RemoteAudit::list_leaves_of(const std::string& decision_id) {
  return ask("decision_id=" + path_segment(decision_id));
}

Result<MerkleProof> RemoteAudit::prove_inclusion(std::int64_t sequence, std::uint64_t size) {
  AJWT_ASSIGN(const std::string text,
              fetch("/intent/audit/inclusion?sequence=" + std::to_string(sequence) +
                    "&size=" + std::to_string(size)));
  AJWT_ASSIGN(const json::Object body, json::parse_object(text));
  const json::Array* hashes = body.find_array("proof");
  if (hashes == nullptr) return refuse(Code::k_response_malformed, "A proof has hashes.");
  MerkleProof proof;
  for (const json::Value& hash : *hashes) {
    const std::string* digits = hash.find_string();
    if (digits == nullptr) return refuse(Code::k_response_malformed, "A hash is a text.");
    AJWT_ASSIGN(const Bytes bytes, jose::decode_base64(*digits));
    AJWT_ASSIGN(const auto one, read_hashes(as_text(bytes)));
    if (one.size() != 1) return refuse(Code::k_response_malformed, "A hash has 32 bytes.");
    proof.push_back(one.front());
  }
  return proof;
}

Result<std::unique_ptr<AuditFolder>> AuditFolder::open(std::string path) {
  AJWT_ASSIGN(std::string hashes, read_whole(path + "/hashes"));
  const std::string entries = path + "/entries.jsonl";
  std::ifstream file(entries, std::ios::binary);
  if (!file) return refuse(Code::k_io_failed, "cannot read " + entries);
  std::vector<LogLeaf> leaves;
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto row = json::parse_object(line, json::Limits{1024 * 1024, 4});
    if (!row) return in_line(entries, number, row.error());
    auto leaf = read_leaf(*row);
    if (!leaf) return in_line(entries, number, leaf.error());
    leaf->place = number;
    leaves.push_back(*std::move(leaf));
  }
  std::stable_sort(leaves.begin(), leaves.end(), by_sequence);
  return std::unique_ptr<AuditFolder>(
      new AuditFolder(std::move(path), std::move(hashes), std::move(leaves)));
}

Result<std::string> AuditFolder::get_key() { return read_input(path_ + "/key"); }

Result<std::string> AuditFolder::get_checkpoint() { return read_input(path_ + "/checkpoint"); }

Result<std::vector<Digest>> AuditFolder::list_hashes(std::int64_t first, std::size_t count) {
  const auto begin = static_cast<std::size_t>(first - 1) * sizeof(Digest);
  const std::string_view all = hashes_;
  if (begin > all.size()) return std::vector<Digest>();
  return read_hashes(all.substr(begin, count * sizeof(Digest)));
}

Result<std::vector<LogLeaf>> AuditFolder::list_leaves(std::int64_t first, std::size_t count) {
  const auto begin = std::partition_point(
      leaves_.begin(), leaves_.end(), [&](const LogLeaf& leaf) { return leaf.sequence < first; });
  const std::int64_t after = first + static_cast<std::int64_t>(count);
  const auto end = std::partition_point(begin, leaves_.end(),
                                        [&](const LogLeaf& leaf) { return leaf.sequence < after; });
  return std::vector<LogLeaf>(begin, end);
}

std::vector<LogLeaf> AuditFolder::list_unsigned(std::uint64_t size) const {
  std::vector<LogLeaf> beyond;
  for (const LogLeaf& leaf : leaves_) {
    if (leaf.sequence < 1 || static_cast<std::uint64_t>(leaf.sequence) > size)
      beyond.push_back(leaf);
  }
  return beyond;
}

std::string write_leaf(const LogLeaf& leaf) {
  return json::write(json::Object{
      {kSequence, leaf.sequence}, {kLeaf, leaf.leaf}, {kSalt, jose::encode_base64url(leaf.salt)}});
}

}  // namespace ajwt::app
