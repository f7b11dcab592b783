// SPDX-License-Identifier: Apache-2.0
#include "protocol/checkpoint.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/decimal.h"
#include "crypto/hash.h"
#include "jose/base64.h"

namespace ajwt {
namespace {

constexpr std::size_t kMaxNoteBytes = 64 * 1024;
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::uint8_t kEd25519 = 0x01;
// An em dash and a space begin a line of a signature.
constexpr std::string_view kSignatureMark = "\xe2\x80\x94 ";

Error malformed(std::string_view what) {
  return refuse(Code::k_checkpoint_malformed, std::string(what));
}

bool is_key_name(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
    return c == '+' || static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
}

Bytes key_bytes(const crypto::PublicKey& key) {
  Bytes bytes{kEd25519};
  bytes.insert(bytes.end(), key.x().begin(), key.x().end());
  return bytes;
}

std::uint32_t read_id(ByteView bytes) {
  std::uint32_t id = 0;
  for (const std::uint8_t byte : bytes.first(kKeyIdBytes)) id = id << 8 | byte;
  return id;
}

Bytes write_id(std::uint32_t id) {
  return {static_cast<std::uint8_t>(id >> 24), static_cast<std::uint8_t>(id >> 16),
          static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
}

std::string write_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.head.size) + "\n" +
         jose::encode_base64(ByteView(checkpoint.head.root)) + "\n";
}

// take_line takes a line from the front of `text`, which must end one.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

Result<Digest> read_root(std::string_view text) {
  const auto bytes = jose::decode_base64(text);
  Digest root{};
  if (!bytes || bytes->size() != root.size()) return malformed("its third line is no hash");
  std::copy(bytes->begin(), bytes->end(), root.begin());
  return root;
}

Result<Checkpoint> read_text(std::string_view text) {
  const auto origin = take_line(text);
  const auto size_line = take_line(text);
  const auto root_line = take_line(text);
  if (!origin || !size_line || !root_line || !text.empty()) return malformed("it has three lines");
  const auto size = parse_decimal(*size_line);
  if (!size) return malformed("its second line is no size");
  AJWT_ASSIGN(const Digest root, read_root(*root_line));
  return Checkpoint{std::string(*origin), {*size, root}};
}

// is_signed_by tells whether one of the lines is the key's signature over the text.
Result<bool> is_signed_by(const VerifierKey& key, std::string_view text, std::string_view lines) {
  bool is_signed = false;
  while (!lines.empty()) {
    const auto line = take_line(lines);
    if (!line || !line->starts_with(kSignatureMark)) return malformed("a signature's line");
    const std::string_view rest = line->substr(kSignatureMark.size());
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos) return malformed("a signature's line");
    const auto bytes = jose::decode_base64(rest.substr(space + 1));
    if (!bytes || bytes->size() <= kKeyIdBytes) return malformed("a signature's line");
    if (rest.substr(0, space) != key.name() || read_id(*bytes) != key.id()) continue;
    const ByteView signature = ByteView(*bytes).subspan(kKeyIdBytes);
    if (!key.key().verify(crypto::Scheme::kEd25519, as_bytes(text), signature)) return false;
    is_signed = true;
  }
  return is_signed;
}

}  // namespace

Result<VerifierKey> VerifierKey::create(std::string name, const crypto::PublicKey& key) {
  if (key.kind() != crypto::KeyKind::kEd25519) return refuse(Code::k_jwk_unsupported);
  if (!is_key_name(name)) return refuse(Code::k_value_malformed, "A log's name: " + name);
  Bytes hashed(as_bytes(name).begin(), as_bytes(name).end());
  hashed.push_back('\n');
  const Bytes raw = key_bytes(key);
  hashed.insert(hashed.end(), raw.begin(), raw.end());
  const std::uint32_t id = read_id(crypto::sha256(ByteView(hashed)));
  return VerifierKey(std::move(name), key, id);
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const Error refused = refuse(Code::k_value_malformed, "A verifier key is <name>+<id>+<key>.");
  const std::size_t name_end = text.find('+');
  if (name_end == std::string_view::npos) return refused;
  const std::string_view rest = text.substr(name_end + 1);
  const std::size_t id_end = rest.find('+');
  if (id_end == std::string_view::npos) return refused;
  const auto raw = jose::decode_base64(rest.substr(id_end + 1));
  if (!raw || raw->size() != 33 || raw->front() != kEd25519) return refused;
  AJWT_ASSIGN(const auto key, crypto::PublicKey::ed25519(ByteView(*raw).subspan(1)));
  AJWT_ASSIGN(VerifierKey parsed, create(std::string(text.substr(0, name_end)), key));
  return parsed.str() == text ? Result<VerifierKey>(std::move(parsed)) : refused;
}

std::string VerifierKey::str() const {
  return name_ + "+" + to_hex(write_id(id_)) + "+" + jose::encode_base64(ByteView(key_bytes(key_)));
}

Result<std::string> sign_note(std::string_view text, std::string name,
                              const crypto::PrivateKey& key) {
  AJWT_ASSIGN(const VerifierKey verifier, VerifierKey::create(std::move(name), key.public_key()));
  AJWT_ASSIGN(const Bytes signature, key.sign(crypto::Scheme::kEd25519, as_bytes(text)));
  Bytes signed_by = write_id(verifier.id());
  signed_by.insert(signed_by.end(), signature.begin(), signature.end());
  return std::string(text) + "\n" + std::string(kSignatureMark) + verifier.name() + " " +
         jose::encode_base64(ByteView(signed_by)) + "\n";
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const crypto::PrivateKey& key) {
  return sign_note(write_text(checkpoint), checkpoint.origin, key);
}

Result<Checkpoint> verify_checkpoint(std::string_view note, const VerifierKey& key) {
  if (note.size() > kMaxNoteBytes) return malformed("it is too large");
  // The last empty line parts the text from its signatures.
  const std::size_t end = note.rfind("\n\n");
  if (end == std::string_view::npos) return malformed("it has no signatures");
  const std::string_view text = note.substr(0, end + 1);
  AJWT_ASSIGN(const bool is_signed, is_signed_by(key, text, note.substr(end + 2)));
  if (!is_signed) return refuse(Code::k_checkpoint_signature_invalid);
  AJWT_ASSIGN(Checkpoint checkpoint, read_text(text));
  if (checkpoint.origin != key.name()) {
    return refuse(Code::k_checkpoint_signature_invalid, "It is of " + checkpoint.origin + ".");
  }
  return checkpoint;
}

}  // namespace ajwt
