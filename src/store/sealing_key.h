// SPDX-License-Identifier: Apache-2.0
//
// The key that prompts are sealed with, in a file of the data directory (rulings 40; protocol 1,
// P10).
#pragma once

#include <string>

#include "base/result.h"
#include "crypto/seal.h"

namespace ajwt::store {

// load_or_create_sealing_key reads `<directory>/seal.key`, 64 hexadecimal digits, and draws it if
// there is none. Refuses what files::read_private_file refuses, and k_store_damaged for other
// content: a new key would make every sealed prompt unreadable for good.
Result<crypto::SealingKey> load_or_create_sealing_key(const std::string& directory);

}  // namespace ajwt::store
