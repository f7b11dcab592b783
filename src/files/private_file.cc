// SPDX-License-Identifier: Apache-2.0
#include "files/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "crypto/random.h"
#include "files/file.h"

namespace ajwt::files {
namespace {

constexpr off_t kMaxPrivateFileBytes = 64 * 1024;
// What is being written is called <name>.<12 characters>.tmp.
constexpr std::size_t kMarkBytes = 9;
constexpr std::size_t kMarkLength = 12;
constexpr const char* kTemporary = ".tmp";

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
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return io_failed("create", path, errno);
  if (::fchmod(file.number(), 0600) != 0) return io_failed("protect", path, errno);
  AJWT_TRY(write_all(file.number(), content.reveal(), path));
  if (::fsync(file.number()) != 0) return io_failed("write", path, errno);
  return ok();
}

// replace and claim give a written file its name.
Status replace(const std::string& temporary, const std::string& path) {
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io_failed("write", path, errno);
  return ok();
}

// The name is given only if it is free. File systems that cannot promise that of a rename have hard
// links, and the other way round.
Status claim(const std::string& temporary, const std::string& path) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
    return ok();
  }
  if (errno == EINVAL || errno == ENOSYS) {
    if (::link(temporary.c_str(), path.c_str()) == 0) {
      return ::unlink(temporary.c_str()) == 0 ? ok() : io_failed("remove", temporary, errno);
    }
  }
  if (errno == EEXIST) return refuse(Code::k_already_exists, path);
  return io_failed("create", path, errno);
}

Status publish(const std::string& path, const Secret& content,
               Status (*give_name)(const std::string&, const std::string&)) {
  const std::string temporary = path + "." + crypto::random_token(kMarkBytes) + kTemporary;
  Status done = write_temporary(temporary, content);
  if (done) done = give_name(temporary, path);
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
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return unsafe(path, "is open to other users: run chmod 600 on it");
  }
  if (facts.st_size > kMaxPrivateFileBytes) {
    return refuse(Code::k_io_failed, path + " is too large for a key file");
  }
  return ok();
}

bool is_temporary(std::string_view name) {
  if (!name.ends_with(kTemporary)) return false;
  name.remove_suffix(std::string_view(kTemporary).size());
  return name.size() > kMarkLength + 1 && name[name.size() - kMarkLength - 1] == '.';
}

}  // namespace

Status write_private_file(const std::string& path, const Secret& content) {
  return publish(path, content, replace);
}

Status create_private_file(const std::string& path, const Secret& content) {
  return publish(path, content, claim);
}

Result<Secret> read_private_file(const std::string& path) {
  // O_NOFOLLOW: a link would let whoever may write the folder choose the file. O_NONBLOCK: opening
  // a pipe would wait for its writer.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) {
    if (errno == ELOOP) return unsafe(path, "is a symbolic link");
    return io_failed("read", path, errno);
  }
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0) return io_failed("read", path, errno);
  AJWT_TRY(check_private(facts, path));
  // Of its size at once: a string that grows leaves copies of the secret behind.
  std::string content(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.number(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      wipe(content.data(), content.size());
      return io_failed("read", path, error);
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  Secret secret(content);
  wipe(content.data(), content.size());
  return secret;
}

void remove_leftovers(const std::string& directory) {
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (const std::filesystem::directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    if (!is_temporary(entry->path().filename().string())) continue;
    std::error_code ignored;
    std::filesystem::remove(entry->path(), ignored);
  }
}

}  // namespace ajwt::files
