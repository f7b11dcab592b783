// SPDX-License-Identifier: Apache-2.0
#include "shim/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/secret.h"

namespace ajwt::shim {
namespace {

constexpr off_t kMaxKeyFileBytes = 16 * 1024;

// File closes its descriptor.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Error io_failed(const std::string& path, int error) {
  return refuse(Code::k_io_failed, path).with_detail(std::generic_category().message(error));
}

Status check_safe(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return refuse(Code::k_key_file_unsafe, path + " is no regular file.");
  }
  if (status.st_uid != ::geteuid()) {
    return refuse(Code::k_key_file_unsafe, path + " belongs to another user.");
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refuse(Code::k_key_file_unsafe, path + ": run chmod 600 on it.");
  }
  if (status.st_size > kMaxKeyFileBytes) {
    return refuse(Code::k_key_file_unsafe, path + " is too large for a key.");
  }
  return ok();
}

Result<Secret> read_all(const std::string& path, int descriptor) {
  // Reserved at once: a string that grows leaves copies of the key behind.
  std::string text;
  text.reserve(static_cast<std::size_t>(kMaxKeyFileBytes) + 1);
  std::array<char, 4096> buffer;
  while (text.size() <= static_cast<std::size_t>(kMaxKeyFileBytes)) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      wipe(buffer.data(), buffer.size());
      wipe(text.data(), text.size());
      return io_failed(path, error);
    }
    if (got == 0) break;
    const auto room = static_cast<std::size_t>(kMaxKeyFileBytes) + 1 - text.size();
    text.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
  }
  wipe(buffer.data(), buffer.size());
  Secret secret(text);
  wipe(text.data(), text.size());
  return secret;
}

Status write_all(const std::string& path, int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(descriptor, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return io_failed(path, errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(descriptor) != 0) return io_failed(path, errno);
  return ok();
}

}  // namespace

Result<crypto::PrivateKey> load_key_file(const std::string& path) {
  // O_NOFOLLOW: a link would let whoever may write the folder choose the key. O_NONBLOCK: opening a
  // pipe without a writer would hang. What is judged is what was opened, not what the name means a
  // moment later.
  const File file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ELOOP) {
      return refuse(Code::k_key_file_unsafe, path + " is a symbolic link.");
    }
    return io_failed(path, errno);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return io_failed(path, errno);
  AJWT_TRY(check_safe(path, status));
  AJWT_ASSIGN(const Secret pem, read_all(path, file.get()));
  return crypto::PrivateKey::from_pem(pem);
}

Status create_key_file(const std::string& path, const crypto::PrivateKey& key) {
  AJWT_ASSIGN(const Secret pem, key.to_pem());
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         S_IRUSR | S_IWUSR));
  if (file.get() < 0) {
    if (errno == EEXIST) return refuse(Code::k_already_exists, path);
    return io_failed(path, errno);
  }
  Status written = write_all(path, file.get(), pem.reveal());
  if (!written) ::unlink(path.c_str());
  return written;
}

}  // namespace ajwt::shim
