// SPDX-License-Identifier: Apache-2.0
//
// Key files: PKCS #8 PEM that only its owner can read.
#pragma once

#include <string>

#include "base/result.h"
#include "crypto/key.h"

namespace ajwt::shim {

// load_key_file reads a private key. The file is opened once, without following a symbolic link at
// its end, and what was opened is judged: a regular file of our own user with no permission for
// group or others (mode 0600 or less). Refuses k_key_file_unsafe otherwise and for a file larger
// than a key, k_io_failed if it cannot be read, and what PrivateKey::from_pem refuses.
Result<crypto::PrivateKey> load_key_file(const std::string& path);

// create_key_file writes a new file of mode 0600. Refuses k_already_exists, k_io_failed; a file
// that could not be written whole is removed.
Status create_key_file(const std::string& path, const crypto::PrivateKey& key);

}  // namespace ajwt::shim
