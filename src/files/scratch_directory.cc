// SPDX-License-Identifier: Apache-2.0
#include "files/scratch_directory.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "files/file.h"

namespace ajwt::files {

Result<std::unique_ptr<ScratchDirectory>> ScratchDirectory::create() {
  std::error_code error;
  const std::filesystem::path temporary = std::filesystem::temp_directory_path(error);
  std::string path = (error ? std::filesystem::path("/tmp") : temporary) / "ajwt-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return io_failed("create", path, errno);
  return std::make_unique<ScratchDirectory>(std::move(path));
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace ajwt::files
