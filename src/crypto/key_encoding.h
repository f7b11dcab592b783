// SPDX-License-Identifier: Apache-2.0
//
// PEM and DER of keys, between bytes and OpenSSL's key objects. Internal to crypto.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "crypto/openssl.h"

namespace ajwt::crypto {

// read_spki returns the key of a DER SubjectPublicKeyInfo. Refuses k_jwk_malformed, also for
// trailing bytes, and k_jwk_unsupported for a kind of key that OpenSSL does not know.
Result<Pkey> read_spki(ByteView der);

// read_spki_pem is read_spki for one "BEGIN PUBLIC KEY" block and nothing else.
Result<Pkey> read_spki_pem(std::string_view pem);

// read_pkcs8_pem returns the key of one "BEGIN PRIVATE KEY" block and nothing else. It never asks
// for a passphrase. Copies of the secret part stay in OpenSSL's secure heap.
Result<Pkey> read_pkcs8_pem(std::string_view pem);

// public_key_of returns the public part; refuses k_jwk_unsupported for a kind or curve that is not
// ours, and what PublicKey's own functions refuse.
Result<PublicKey> public_key_of(EVP_PKEY* key);

// write_spki_pem and write_pkcs8_pem refuse k_crypto_failed.
Result<std::string> write_spki_pem(EVP_PKEY* key);
Result<Secret> write_pkcs8_pem(EVP_PKEY* key);

}  // namespace ajwt::crypto
