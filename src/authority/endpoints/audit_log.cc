// SPDX-License-Identifier: Apache-2.0
//
// What anybody may know of the audit log: its key, signed checkpoints, proofs and tiles of hashes
// (protocol 5.2). Hashes are over salts, so they tell nothing of the entries.
#include "authority/audit/audit_log.h"
#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "base/decimal.h"
#include "jose/base64.h"

namespace ajwt::authority {
namespace {

// A full tile never changes, and neither does a proof but for a log that was put back.
constexpr const char* kForEver = "public, max-age=31536000, immutable";
constexpr const char* kForAWhile = "public, max-age=300";

HttpResponse write_text(std::string text) {
  HttpResponse response{.status = 200, .headers = {}, .body = std::move(text)};
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  return response;
}

// read_number reads a number below 2^53.
std::optional<std::uint64_t> read_number(std::string_view digits) {
  const auto number = parse_decimal(digits);
  return number && *number < (std::uint64_t{1} << 53) ? number : std::nullopt;
}

Result<std::uint64_t> get_number(const Form& query, std::string_view name) {
  AJWT_ASSIGN(const std::string_view text, query.get(name));
  const auto number = read_number(text);
  if (!number) return refuse(Code::k_parameter_malformed, std::string(name));
  return *number;
}

HttpResponse write_proof(json::Object body, const MerkleProof& proof) {
  json::Array hashes;
  for (const Digest& hash : proof) hashes.emplace_back(jose::encode_base64(ByteView(hash)));
  body.set("proof", std::move(hashes));
  HttpResponse response = write_json_response(200, body);
  response.headers.set("Cache-Control", kForAWhile);
  return response;
}

// TileName is what a tile's path says: "x001/x234/067" or, not full, "x001/x234/067.p/8".
struct TileName {
  std::uint64_t index = 0;
  std::size_t width = kMerkleTileWidth;
};

std::optional<std::uint64_t> read_group(std::string_view group) {
  if (group.size() != 3) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : group) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

std::optional<TileName> read_tile_name(std::span<const std::string> segments) {
  TileName name;
  std::string_view last = segments.back();
  if (segments.size() > 1 && segments[segments.size() - 2].ends_with(".p")) {
    const auto width = read_number(last);
    if (!width || *width == 0 || *width >= kMerkleTileWidth) return std::nullopt;
    name.width = *width;
    segments = segments.first(segments.size() - 1);
    last = segments.back();
    last.remove_suffix(2);
  }
  for (const std::string& segment : segments.first(segments.size() - 1)) {
    const auto group =
        segment.starts_with('x') ? read_group(std::string_view(segment).substr(1)) : std::nullopt;
    // The first group of a longer name is not 000: one name for each tile.
    if (!group || (name.index == 0 && *group == 0)) return std::nullopt;
    name.index = name.index * 1000 + *group;
  }
  const auto group = read_group(last);
  if (!group) return std::nullopt;
  name.index = name.index * 1000 + *group;
  return name;
}

}  // namespace

Result<HttpResponse> handle_audit_key(Exchange& exchange) {
  return write_text(exchange.context().audit.key().str() + "\n");
}

Result<HttpResponse> handle_audit_checkpoint(Exchange& exchange) {
  AJWT_ASSIGN(std::string note, exchange.context().audit.sign_checkpoint());
  return write_text(std::move(note));
}

Result<HttpResponse> handle_audit_inclusion(Exchange& exchange) {
  AJWT_ASSIGN(const Form query, parse_query(exchange.request, {"sequence", "size"}));
  AJWT_ASSIGN(const std::uint64_t sequence, get_number(query, "sequence"));
  AJWT_ASSIGN(const std::uint64_t size, get_number(query, "size"));
  if (sequence == 0) return refuse(Code::k_parameter_malformed, "sequence");
  AJWT_ASSIGN(const MerkleProof proof,
              exchange.context().store.prove_audit_inclusion(sequence - 1, size));
  return write_proof({{"sequence", static_cast<std::int64_t>(sequence)},
                      {"size", static_cast<std::int64_t>(size)}},
                     proof);
}

Result<HttpResponse> handle_audit_consistency(Exchange& exchange) {
  AJWT_ASSIGN(const Form query, parse_query(exchange.request, {"from", "to"}));
  AJWT_ASSIGN(const std::uint64_t from, get_number(query, "from"));
  AJWT_ASSIGN(const std::uint64_t to, get_number(query, "to"));
  AJWT_ASSIGN(const MerkleProof proof, exchange.context().store.prove_audit_consistency(from, to));
  return write_proof(
      {{"from", static_cast<std::int64_t>(from)}, {"to", static_cast<std::int64_t>(to)}}, proof);
}

Result<HttpResponse> handle_audit_tile(Exchange& exchange) {
  const auto level = read_number(exchange.parameters.front());
  const auto name = read_tile_name(std::span(exchange.parameters).subspan(1));
  if (!level || *level > 63 || !name) return refuse(Code::k_not_found);
  AJWT_ASSIGN(const auto hashes, exchange.context().store.read_audit_tile(
                                     static_cast<unsigned>(*level), name->index, name->width));
  HttpResponse response{
      .status = 200, .headers = {}, .body = std::string(as_text(join_hashes(hashes)))};
  response.headers.add("Content-Type", "application/octet-stream");
  response.headers.set("Cache-Control", name->width == kMerkleTileWidth ? kForEver : kForAWhile);
  return response;
}

}  // namespace ajwt::authority
