// SPDX-License-Identifier: Apache-2.0
//
// A place for files that nobody needs afterwards.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"

namespace ajwt::files {

// ScratchDirectory is a private directory (0700) under the system's temporary one, removed with
// everything in it when the object goes.
class ScratchDirectory {
 public:
  // create refuses k_io_failed.
  static Result<std::unique_ptr<ScratchDirectory>> create();
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ajwt::files
