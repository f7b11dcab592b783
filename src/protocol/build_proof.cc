// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "crypto/hash.h"
#include "jose/base64url.h"
#include "jose/jws.h"
#include "json/value.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/proof.h"

namespace ajwt {
namespace {

// Writer appends claims that are there.
class Writer {
 public:
  void text(std::string_view name, std::optional<std::string_view> value) {
    if (value) object_.append(name, *value);
  }
  void hash(std::string_view name, std::optional<ByteView> value) {
    if (value) {
      object_.append(name, jose::encode_base64url(crypto::sha256(*value)));
    }
  }
  void integer(std::string_view name, std::int64_t value) { object_.append(name, value); }
  std::string write() && { return json::write(std::move(object_)); }

 private:
  json::Object object_;
};

std::optional<ByteView> bytes_of(std::optional<std::string_view> text) {
  return text ? std::optional(as_bytes(*text)) : std::nullopt;
}

Result<std::string> build_proof(const crypto::PrivateKey& key, const ProofClaims& claims,
                                std::string_view typ) {
  AJWT_ASSIGN(const std::string htu, normalize_htu(claims.uri));
  Writer writer;
  writer.text(names::kJti, claims.jti);
  writer.text(names::kHtm, claims.method);
  writer.text(names::kHtu, htu);
  writer.integer(names::kIat, to_unix(claims.now));
  writer.text(names::kNonce, claims.nonce);
  writer.hash(names::kAth, bytes_of(claims.access_token));
  writer.hash(names::kBd, claims.body);
  writer.hash(names::kQd, bytes_of(claims.query));
  writer.text(names::kAgentChecksum, claims.agent_checksum);
  writer.text(names::kAgentId, claims.agent_id);
  writer.text(names::kJkt, claims.beside_jkt);
  jose::SignJwsOptions options;
  options.typ = typ;
  options.embedded = jose::EmbeddedKey::kRequired;
  return jose::sign_jws(std::move(writer).write(), key, options);
}

}  // namespace

Result<std::string> build_dpop_proof(const crypto::PrivateKey& key, const ProofClaims& claims) {
  return build_proof(key, claims, names::kTypProof);
}

Result<std::string> build_agent_proof(const crypto::PrivateKey& key, const ProofClaims& claims) {
  return build_proof(key, claims, names::kTypAgentProof);
}

}  // namespace ajwt
