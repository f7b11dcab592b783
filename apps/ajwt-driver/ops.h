// SPDX-License-Identifier: Apache-2.0
//
// The operations. Each reads its own members of a request and returns the members of the answer
// beside `ok`, or the reason of the refusal.
#pragma once

#include "base/result.h"
#include "json/members.h"
#include "json/value.h"

namespace ajwt::driver {

// verify_jws: "jws", "jwk" or "jwks", "algs"? -> "payload" (base64url). Without "algs" the
// product's four algorithms are accepted. With "jwks" the token must carry a kid.
Result<json::Object> verify_jws(json::Members& request);

// verify_signature: "alg", "jwk" or "der" (hex SubjectPublicKeyInfo), "msg" (hex), "sig" (hex).
Result<json::Object> verify_signature(json::Members& request);

// thumbprint: "jwk" -> "thumbprint" (RFC 7638, SHA-256) and, with the same text, "out".
Result<json::Object> thumbprint(json::Members& request);

// canonicalize: "in" (base64 JSON) -> "out" (base64 RFC 8785).
Result<json::Object> canonicalize(json::Members& request);

// write_number: "hex" (up to 16 digits, the bits of a double, big-endian) -> "out".
Result<json::Object> write_number(json::Members& request);

// parse_json: "in" (base64) -> "out" (base64 RFC 8785), left out if the value has no such form.
Result<json::Object> parse_json(json::Members& request);

// checksum: "profile" (sha256, reference, or strict-sha256, also called strict),
// "agent_components" -> "checksum", "normalized_prompt".
Result<json::Object> checksum(json::Members& request);

// verify_dpop: "proof", "method", "uri", "access_token"?, "nonce"?, "jkt"?, "now"? (Unix seconds;
// the system's clock otherwise) -> "jkt".
Result<json::Object> verify_dpop(json::Members& request);

}  // namespace ajwt::driver
