// SPDX-License-Identifier: Apache-2.0
//
// What signing and verifying with OpenSSL have in common. Internal to crypto.
#pragma once

#include "crypto/key.h"
#include "crypto/openssl.h"

namespace ajwt::crypto {

// set_scheme prepares a context, already initialised for signing or verifying, for SHA-256 and the
// scheme's padding. Tells whether OpenSSL took it; kEd25519 is never OpenSSL's.
bool set_scheme(EVP_PKEY_CTX* context, Scheme scheme);

// ecdsa_to_der turns r||s (64 bytes) into the DER that OpenSSL takes; empty if memory is out.
Bytes ecdsa_to_der(ByteView raw);

// ecdsa_from_der is the way back; empty if `der` is no signature over P-256.
Bytes ecdsa_from_der(ByteView der);

}  // namespace ajwt::crypto
