// SPDX-License-Identifier: Apache-2.0
#include "files/file.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

namespace ajwt::files {

namespace {

std::string_view remedy_of(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS:
      return "; choose a place that this user may write to, or give it the right";
    case ENOSPC:
    case EDQUOT:
      return "; make room on the disk";
    case ENOENT:
    case ENOTDIR:
      return "; check the path";
    case ELOOP:
      return "; put the file itself there, not a symbolic link";
  }
  return "";
}

}  // namespace

Error io_failed(std::string_view verb, const std::string& path, int error_number) {
  std::string message = "cannot " + std::string(verb) + " " + path + ": " +
                        std::generic_category().message(error_number);
  message += remedy_of(error_number);
  return refuse(Code::k_io_failed, std::move(message));
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_directory(const std::string& path) {
  const File directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.number()) != 0) {
    return io_failed("write", path, errno);
  }
  return ok();
}

}  // namespace ajwt::files
