// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include "apps/ajwt/doctor/checks.h"
#include "apps/ajwt/support/time_text.h"
#include "jose/jwk.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr std::int64_t kMebibyte = 1024 * 1024;
constexpr std::int64_t kLittleDisk = 1024 * kMebibyte;
constexpr std::int64_t kNoDisk = 64 * kMebibyte;
constexpr Seconds kOldKey{180 * 86400};
constexpr std::string_view kStart = "start it (ajwt serve, ajwt dev), or correct the address";

// no_status is what every check says that needs the authority's own word and has not got it.
Judgement no_status(const AuthorityEvidence& evidence) {
  if (!evidence.status) {
    return {Verdict::kUnknown, "an administrator's profile is needed to see this",
            "give --profile, or --authority, --client-id and --key"};
  }
  const Error& error = evidence.status->error();
  return {
      Verdict::kUnknown, "the authority does not tell: " + std::string(error.reason().name),
      error.code() == Code::k_scope_exceeds_ceiling || error.code() == Code::k_client_unauthorized
          ? "use a client that holds admin:audit or admin:keys"
          : "ajwt reasons " + std::string(error.reason().name)};
}

const json::Object* find_status(const AuthorityEvidence& evidence) {
  return evidence.status && *evidence.status ? &**evidence.status : nullptr;
}

const json::Object* find_store(const AuthorityEvidence& evidence) {
  const json::Object* status = find_status(evidence);
  return status == nullptr ? nullptr : status->find_object("store");
}

Judgement judge_live(const AuthorityEvidence& evidence) {
  if (evidence.live.has_status(200)) return {Verdict::kOk, "it answers"};
  if (is_health_elsewhere(evidence.live)) {
    return {Verdict::kOk, "it answers, with its health at a management address"};
  }
  return unreachable(evidence.live, kStart);
}

Judgement judge_ready(const AuthorityEvidence& evidence) {
  if (evidence.ready.has_status(200)) return {Verdict::kOk, "store and keys are there"};
  if (!evidence.ready.answer) return no_answer(evidence.ready, "see authority.live");
  const std::string reason = evidence.ready.reason();
  if (is_health_elsewhere(evidence.ready)) return health_elsewhere();
  return {Verdict::kFail, "not ready: " + (reason.empty() ? "no reason given" : reason),
          "look into its log; " +
              (reason.empty() ? "is this URL an authority's?" : "ajwt reasons " + reason),
          ExitCode::kUnavailable};
}

Judgement judge_metadata(const AuthorityEvidence& evidence) {
  if (!evidence.metadata.has_status(200)) {
    return no_answer(evidence.metadata, "make /.well-known/oauth-authorization-server reachable");
  }
  const json::Object body = evidence.metadata.body();
  const std::string issuer = body.text("issuer");
  if (issuer != evidence.url) {
    return {Verdict::kFail,
            "it calls itself " + issuer + " and is addressed as " + evidence.url +
                ": proofs made for one are refused at the other",
            "set public_url of ajwt serve to the URL that clients use, or use " + issuer};
  }
  for (const std::string_view member : {"token_endpoint", "jwks_uri", "intent_token_endpoint"}) {
    const std::string endpoint = body.text(member);
    if (endpoint.starts_with(issuer + "/")) continue;
    return {Verdict::kFail, std::string(member) + " is " + endpoint + ", which is not below it",
            "look what the proxy rewrites in bodies"};
  }
  return {Verdict::kOk, "issuer and endpoints are those of the URL that clients use"};
}

Judgement judge_tls(const AuthorityEvidence& evidence) {
  return judge_certificate(evidence.url, evidence.certificate, evidence.live.answered);
}

Judgement judge_keys(const AuthorityEvidence& evidence) {
  if (!evidence.jwks.has_status(200)) {
    return no_answer(evidence.jwks, "make /.well-known/jwks.json reachable");
  }
  const auto keys = jose::parse_jwks(evidence.jwks.body());
  if (!keys) {
    return {Verdict::kFail, "its keys cannot be read: " + keys.error().describe(),
            "look what the proxy rewrites in bodies"};
  }
  if (keys->keys().empty()) {
    return {Verdict::kFail, "it publishes no key: nobody can verify its tokens", "ajwt key rotate"};
  }
  return {Verdict::kOk, std::to_string(keys->keys().size()) + " published"};
}

Judgement judge_active_key(const AuthorityEvidence& evidence) {
  const json::Object* status = find_status(evidence);
  const json::Array* keys = status == nullptr ? nullptr : status->find_array("keys");
  if (keys == nullptr) return no_status(evidence);
  const auto active = std::find_if(keys->begin(), keys->end(), [](const json::Value& key) {
    return key.find_object() != nullptr && key.as_object().text("status") == "active";
  });
  if (active == keys->end()) {
    return {Verdict::kFail, "no key is active: it signs nothing", "ajwt key rotate"};
  }
  const std::string kid = active->as_object().text("kid");
  const std::int64_t* created = active->as_object().find_integer("created_at");
  const json::Object set = evidence.jwks.body();
  const json::Array* published = set.find_array("keys");
  const bool is_published =
      published != nullptr &&
      std::any_of(published->begin(), published->end(), [&](const json::Value& key) {
        return key.find_object() != nullptr && key.as_object().text("kid") == kid;
      });
  if (!is_published) {
    return {Verdict::kFail, "it signs with " + kid + ", which is not among the keys it publishes",
            "an old set is kept somewhere: switch the proxy's cache off for jwks.json"};
  }
  if (created == nullptr) return {Verdict::kUnknown, "its age is not told", "ajwt key list"};
  const Seconds age = evidence.jwks.answered - from_unix(*created);
  const std::string found = kid + ", " + std::to_string(age.count() / 86400) + " days old";
  if (age > kOldKey) return {Verdict::kWarn, found, "ajwt key rotate"};
  return {Verdict::kOk, found};
}

Judgement judge_authority_clock(const AuthorityEvidence& evidence) {
  return judge_clock(evidence.live);
}
Judgement judge_authority_refusal(const AuthorityEvidence& evidence) {
  return judge_refusal(evidence.doors.bare);
}
Judgement judge_authority_token(const AuthorityEvidence& evidence) {
  return judge_authorization(evidence.doors.with_token);
}
Judgement judge_authority_cache(const AuthorityEvidence& evidence) {
  return judge_cache(evidence.doors);
}
Judgement judge_authority_path(const AuthorityEvidence& evidence) {
  return judge_path(evidence.doors.encoded);
}

// A request that was accepted is the only way to see that a proof arrives: without a good token
// nobody looks at it.
Judgement judge_proof(const AuthorityEvidence& evidence) {
  if (find_status(evidence) != nullptr) {
    return {Verdict::kOk, "a request with token and proof is accepted: both arrive unchanged"};
  }
  if (!evidence.status) return no_status(evidence);
  const Error& error = evidence.status->error();
  const std::string reason(error.reason().name);
  switch (error.code()) {
    case Code::k_proof_missing:
      return {Verdict::kFail, "a proof was sent and did not arrive: something takes DPoP away",
              "let the proxy pass DPoP on"};
    case Code::k_proof_duplicated:
      return {Verdict::kFail, "one proof was sent and two arrived: something repeats DPoP",
              "let the proxy pass DPoP on once"};
    case Code::k_proof_nonce_missing:
    case Code::k_proof_nonce_refused:
      return {Verdict::kFail,
              "no nonce comes back that is taken: something takes DPoP-Nonce away, or two "
              "authorities answer in turn",
              "let the proxy pass DPoP-Nonce on, and send a client to one authority"};
    case Code::k_scope_exceeds_ceiling:
    case Code::k_client_unauthorized:
    case Code::k_token_insufficient_scope:
      return {Verdict::kOk,
              "the client and its proof are known, but not for this (" + reason + ")"};
    default:
      break;
  }
  if (error.reason().oauth_error == "invalid_dpop_proof") {
    return {Verdict::kFail, "our own proof is refused: " + error.describe(),
            "ajwt reasons " + reason};
  }
  return no_status(evidence);
}

Judgement judge_store(const AuthorityEvidence& evidence) {
  const json::Object* store = find_store(evidence);
  if (store == nullptr) return no_status(evidence);
  const std::string synchronous = store->text("synchronous");
  const std::int64_t* schema = store->find_integer("schema");
  const std::string found = store->text("kind") + ", synchronous " + synchronous + ", journal " +
                            store->text("journal") + ", schema " +
                            (schema == nullptr ? "?" : std::to_string(*schema)) + " (" +
                            store->text("last_migration") + ")";
  if (synchronous == "full" || synchronous == "extra") return {Verdict::kOk, found};
  return {Verdict::kFail, found + ": what was answered can be lost with the power",
          "run ajwt as it is released: it asks SQLite for synchronous FULL"};
}

Judgement judge_disk(const AuthorityEvidence& evidence) {
  const json::Object* store = find_store(evidence);
  if (store == nullptr) return no_status(evidence);
  const std::int64_t* bytes = store->find_integer("free_disk_bytes");
  if (bytes == nullptr) return {Verdict::kUnknown, "free space is not told", "df on that machine"};
  const std::string found = std::to_string(*bytes / kMebibyte) + " MiB free for the store";
  if (*bytes < kNoDisk)
    return {Verdict::kFail, found, "make room: with a full disk nothing is minted"};
  if (*bytes < kLittleDisk) return {Verdict::kWarn, found, "make room before it is full"};
  return {Verdict::kOk, found};
}

Judgement judge_files(const AuthorityEvidence& evidence) {
  const json::Object* store = find_store(evidence);
  const json::Array* exposed = store == nullptr ? nullptr : store->find_array("exposed_files");
  if (exposed == nullptr) return no_status(evidence);
  if (exposed->empty()) {
    return {Verdict::kOk, "keys and database are the server's user's alone"};
  }
  std::string names;
  for (const json::Value& file : *exposed) {
    if (const std::string* text = file.find_string()) names += " " + *text;
  }
  return {Verdict::kFail, "other users of the machine have a right to:" + names,
          "chmod -R go= the data directory, and change keys that others could read"};
}

Judgement judge_audit(const AuthorityEvidence& evidence) {
  const json::Object* store = find_store(evidence);
  const std::int64_t* sequence = store == nullptr ? nullptr : store->find_integer("audit_sequence");
  if (sequence == nullptr) return no_status(evidence);
  // The token by which we ask is an entry itself.
  if (*sequence > 0) return {Verdict::kOk, std::to_string(*sequence) + " entries"};
  return {Verdict::kFail, "nothing is written down, not even our own token", "look into its log"};
}

Judgement judge_settings(const AuthorityEvidence& evidence) {
  const json::Object* status = find_status(evidence);
  const json::Array* relaxed = status == nullptr ? nullptr : status->find_array("relaxed");
  if (relaxed == nullptr) return no_status(evidence);
  if (relaxed->empty()) return {Verdict::kOk, "none is below its default"};
  std::string found;
  for (const json::Value& row : *relaxed) {
    const json::Object* object = row.find_object();
    if (object == nullptr) continue;
    found += (found.empty() ? "" : "; ") + object->text("setting") + " is " +
             object->text("value") + " (" + object->text("promise") +
             "): " + object->text("effect");
  }
  return {Verdict::kWarn, found, "set it back, unless you know why it is so"};
}

constexpr auto kAuthorityChecks = std::to_array<AuthorityCheck>({
    {"authority.live", "http-api.md", judge_live},
    {"authority.ready", "http-api.md", judge_ready},
    {"authority.metadata", "RFC 8414 3.3", judge_metadata},
    {"authority.tls", "RFC 8446", judge_tls},
    {"authority.keys", "RFC 7517 5", judge_keys},
    {"authority.active_key", "protocol 5.1", judge_active_key},
    {"authority.clock", "protocol 6.1", judge_authority_clock},
    {"authority.refusal", "RFC 9449 7.1", judge_authority_refusal},
    {"authority.authorization", "RFC 9449 7.1", judge_authority_token},
    {"authority.proof", "RFC 9449 4.3", judge_proof},
    {"authority.cache", "RFC 9449 8.2", judge_authority_cache},
    {"authority.path", "protocol 8", judge_authority_path},
    {"authority.store", "protocol 5 (13)", judge_store},
    {"authority.disk", "protocol 5 (13)", judge_disk},
    {"authority.files", "protocol P10", judge_files},
    {"authority.audit", "protocol 5.2", judge_audit},
    {"authority.settings", "protocol 1", judge_settings},
});

}  // namespace

std::span<const AuthorityCheck> authority_checks() { return kAuthorityChecks; }

}  // namespace ajwt::app
