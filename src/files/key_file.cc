// SPDX-License-Identifier: Apache-2.0
#include "files/key_file.h"

#include "files/private_file.h"

namespace ajwt::files {

Result<crypto::PrivateKey> load_key_file(const std::string& path) {
  AJWT_ASSIGN(const Secret pem, read_private_file(path));
  auto key = crypto::PrivateKey::from_pem(pem);
  if (key) return key;
  return refuse(key.error().code(), path + " holds no private key in PKCS #8 PEM")
      .with_detail(key.error().describe());
}

Status create_key_file(const std::string& path, const crypto::PrivateKey& key) {
  AJWT_ASSIGN(const Secret pem, key.to_pem());
  return create_private_file(path, pem);
}

}  // namespace ajwt::files
