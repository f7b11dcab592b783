// SPDX-License-Identifier: Apache-2.0
//
// Key files: PKCS #8 PEM that only its owner can read.
#pragma once

#include <string>

#include "base/result.h"
#include "crypto/key.h"

namespace ajwt::files {

// load_key_file reads a private key. Refuses what read_private_file refuses, and with the path what
// PrivateKey::from_pem refuses.
Result<crypto::PrivateKey> load_key_file(const std::string& path);

// create_key_file writes a new file of mode 0600. Refuses what create_private_file refuses.
Status create_key_file(const std::string& path, const crypto::PrivateKey& key);

}  // namespace ajwt::files
