// SPDX-License-Identifier: Apache-2.0
//
// Files that hold secrets: written so that a crash leaves the old content or the new, read only if
// nobody else could have read or written them.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "crypto/seal.h"

namespace ajwt::store {

// write_private_file writes the file with mode 0600, in place of one that may be there. It is
// durable, whole and under its name when the function returns. Refuses k_io_failed, naming the
// path.
Status write_private_file(const std::string& path, const Secret& content);

// read_private_file reads a file of at most 64 kB. Refuses k_key_file_unsafe unless it is a
// regular file (no symbolic link) that belongs to this user and that nobody else has any right
// to; k_io_failed if it cannot be read. Messages name the path.
Result<Secret> read_private_file(const std::string& path);

// load_private_key_file reads a private key in PKCS #8 PEM. Refuses what read_private_file and
// PrivateKey::from_pem refuse.
Result<crypto::PrivateKey> load_private_key_file(const std::string& path);

// load_or_create_sealing_key reads `<directory>/seal.key`, 64 hexadecimal digits, and draws it if
// there is none. Refuses what read_private_file refuses, and k_store_damaged for other content:
// a new key would make every sealed prompt unreadable for good.
Result<crypto::SealingKey> load_or_create_sealing_key(const std::string& directory);

}  // namespace ajwt::store
