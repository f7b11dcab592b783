// SPDX-License-Identifier: Apache-2.0
#include "store/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "files/private_file.h"

namespace ajwt::store {

namespace {

// make_private_directory makes the directory, and those above it, if they are missing.
Status make_private_directory(const std::string& path) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return files::io_failed("create", path, error.value());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return files::io_failed("create", path, errno);
  if (!std::filesystem::is_directory(path, error)) return files::io_failed("open", path, ENOTDIR);
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0)
    return files::io_failed("write to", path, errno);
  return ok();
}

Result<files::File> make_private_file(const std::string& path) {
  files::File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return files::io_failed("open", path, errno);
  if (::fchmod(file.number(), 0600) != 0) return files::io_failed("protect", path, errno);
  return file;
}

}  // namespace

Result<DataDirectory> DataDirectory::open(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  AJWT_TRY(make_private_directory(path));
  AJWT_ASSIGN(files::File lock, make_private_file(path + "/ajwt.lock"));
  if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    return refuse(Code::k_store_unavailable,
                  path +
                      " is in use by another ajwt process; stop that one, or choose another "
                      "data directory");
  }
  DataDirectory directory(std::move(path), std::move(lock));
  AJWT_TRY(make_private_directory(directory.key_directory()));
  if (::chmod(directory.key_directory().c_str(), 0700) != 0) {
    return files::io_failed("protect", directory.key_directory(), errno);
  }
  files::remove_leftovers(directory.path());
  files::remove_leftovers(directory.key_directory());
  // SQLite gives its other files the mode of this one. Closed again before SQLite opens it: closing
  // any descriptor of a file drops the process's POSIX locks on it.
  AJWT_TRY(make_private_file(directory.database_file()));
  AJWT_TRY(files::sync_directory(directory.path()));
  return directory;
}

}  // namespace ajwt::store
