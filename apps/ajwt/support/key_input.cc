// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/key_input.h"

#include <filesystem>
#include <utility>

#include "files/key_file.h"

namespace ajwt::app {

Result<KeyFile> load_or_create_key(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (status.type() != std::filesystem::file_type::not_found) {
    AJWT_ASSIGN(crypto::PrivateKey key, files::load_key_file(path));
    return KeyFile{std::move(key), false};
  }
  AJWT_ASSIGN(crypto::PrivateKey key, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  AJWT_TRY(files::create_key_file(path, key));
  return KeyFile{std::move(key), true};
}

}  // namespace ajwt::app
