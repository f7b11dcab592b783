// SPDX-License-Identifier: Apache-2.0
#include "store/sealing_key.h"

#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "crypto/random.h"
#include "files/private_file.h"

namespace ajwt::store {
namespace {

constexpr std::size_t kSealingKeyBytes = 32;

Status draw_sealing_key(const std::string& path) {
  Bytes drawn = crypto::random_bytes(kSealingKeyBytes);
  std::string digits = to_hex(drawn);
  const Secret content(digits + "\n");
  wipe(drawn.data(), drawn.size());
  wipe(digits.data(), digits.size());
  Status created = files::create_private_file(path, content);
  // Another process was first: its key counts.
  if (!created && created.error().code() == Code::k_already_exists) return ok();
  return created;
}

}  // namespace

Result<crypto::SealingKey> load_or_create_sealing_key(const std::string& directory) {
  const std::string path = directory + "/seal.key";
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0 && errno == ENOENT) AJWT_TRY(draw_sealing_key(path));
  AJWT_ASSIGN(const Secret content, files::read_private_file(path));
  std::string_view digits = content.reveal();
  if (digits.ends_with('\n')) digits.remove_suffix(1);
  std::optional<Bytes> bytes = parse_hex(digits);
  if (!bytes || bytes->size() != kSealingKeyBytes) {
    return refuse(
        Code::k_store_damaged,
        path + " is not a sealing key of 64 hexadecimal digits; restore it from a backup");
  }
  auto key = crypto::SealingKey::from_bytes(*bytes);
  wipe(bytes->data(), bytes->size());
  return key;
}

}  // namespace ajwt::store
