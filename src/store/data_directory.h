// SPDX-License-Identifier: Apache-2.0
//
// The data directory: who may see it, who has it, and what is where in it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "files/file.h"

namespace ajwt::store {

// DataDirectory holds a directory for one process at a time; the lock goes with the object or the
// process, however that ends.
class DataDirectory {
 public:
  // open makes what is missing (directories 0700, an empty database file 0600) and takes the lock.
  // Refuses k_io_failed, and k_store_unavailable if another process holds the directory; messages
  // name the path and what to do.
  static Result<DataDirectory> open(std::string path);

  const std::string& path() const { return path_; }
  std::string database_file() const { return path_ + "/ajwt.db"; }
  std::string key_directory() const { return path_ + "/keys"; }

 private:
  DataDirectory(std::string path, files::File lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  files::File lock_;
};

}  // namespace ajwt::store
