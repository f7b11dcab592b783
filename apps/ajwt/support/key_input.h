// SPDX-License-Identifier: Apache-2.0
//
// Key files that commands read or make.
#pragma once

#include <string>

#include "base/result.h"
#include "crypto/key.h"

namespace ajwt::app {

// KeyFile is a private key and whether its file was made just now.
struct KeyFile {
  crypto::PrivateKey key;
  bool created;
};

// load_or_create_key reads a key file, or makes one with a new Ed25519 key (mode 0600). Refuses
// what files::load_key_file and files::create_key_file refuse.
Result<KeyFile> load_or_create_key(const std::string& path);

}  // namespace ajwt::app
