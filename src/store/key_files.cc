// SPDX-License-Identifier: Apache-2.0
#include "store/key_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "crypto/random.h"
#include "store/file.h"

namespace ajwt::store {

namespace {

constexpr std::size_t kMaxPrivateFileBytes = 64 * 1024;
constexpr std::size_t kSealingKeyBytes = 32;

// IfThere says what publishing does with a file that has the name already.
enum class IfThere { kReplace, kKeep };

Status write_all(int file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_failed("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return ok();
}

Status write_temporary(const std::string& path, const Secret& content) {
  File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return io_failed("create", path, errno);
  if (::fchmod(file.number(), 0600) != 0) return io_failed("protect", path, errno);
  AJWT_TRY(write_all(file.number(), content.reveal(), path));
  if (::fsync(file.number()) != 0) return io_failed("write", path, errno);
  return ok();
}

Status give_name(const std::string& temporary, const std::string& path, IfThere if_there) {
  if (if_there == IfThere::kReplace) {
    if (::rename(temporary.c_str(), path.c_str()) != 0) return io_failed("write", path, errno);
    return ok();
  }
  // A second name is given only if it is free, which rename could not promise.
  if (::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return io_failed("write", path, errno);
  }
  ::unlink(temporary.c_str());
  return ok();
}

Status publish(const std::string& path, const Secret& content, IfThere if_there) {
  const std::string temporary = path + "." + crypto::random_token(9) + ".tmp";
  Status done = write_temporary(temporary, content);
  if (done) done = give_name(temporary, path, if_there);
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return sync_directory(parent_of(path));
}

Error unsafe(const std::string& path, std::string_view why) {
  return refuse(Code::k_key_file_unsafe, path + " " + std::string(why) + ".");
}

Status check_private(const struct stat& facts, const std::string& path) {
  if (!S_ISREG(facts.st_mode)) return unsafe(path, "is not a regular file");
  if (facts.st_uid != ::geteuid()) return unsafe(path, "belongs to another user");
  if ((facts.st_mode & 077) != 0) return unsafe(path, "is open to other users");
  if (facts.st_size > static_cast<off_t>(kMaxPrivateFileBytes)) {
    return refuse(Code::k_io_failed, path + " is too large for a key file");
  }
  return ok();
}

}  // namespace

Status write_private_file(const std::string& path, const Secret& content) {
  return publish(path, content, IfThere::kReplace);
}

Result<Secret> read_private_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe would wait for its writer.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) {
    if (errno == ELOOP) return unsafe(path, "is a symbolic link");
    return io_failed("read", path, errno);
  }
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0) return io_failed("read", path, errno);
  AJWT_TRY(check_private(facts, path));
  std::string content(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.number(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      wipe(content.data(), content.size());
      return io_failed("read", path, errno);
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  Secret secret(content);
  wipe(content.data(), content.size());
  return secret;
}

Result<crypto::PrivateKey> load_private_key_file(const std::string& path) {
  AJWT_ASSIGN(const Secret pem, read_private_file(path));
  auto key = crypto::PrivateKey::from_pem(pem);
  if (key) return key;
  return refuse(key.error().code(), path + " holds no private key in PKCS #8 PEM")
      .with_detail(key.error().describe());
}

Result<crypto::SealingKey> load_or_create_sealing_key(const std::string& directory) {
  const std::string path = directory + "/seal.key";
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0 && errno == ENOENT) {
    Bytes drawn = crypto::random_bytes(kSealingKeyBytes);
    std::string digits = to_hex(drawn);
    const Secret content(digits + "\n");
    wipe(drawn.data(), drawn.size());
    wipe(digits.data(), digits.size());
    AJWT_TRY(publish(path, content, IfThere::kKeep));
  }
  AJWT_ASSIGN(const Secret content, read_private_file(path));
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
