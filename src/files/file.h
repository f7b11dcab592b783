// SPDX-License-Identifier: Apache-2.0
//
// What work with files has in common: an owner for descriptors, errors that name the path.
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace ajwt::files {

// File owns a file descriptor, or none.
class File {
 public:
  explicit File(int number) : number_(number) {}
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

// io_failed is k_io_failed: "cannot <verb> <path>: <what errno means>", with what to do about it
// where errno tells.
Error io_failed(std::string_view verb, const std::string& path, int error_number);

// parent_of returns the folder that a path lies in.
std::string parent_of(const std::string& path);

// sync_directory makes the names in a folder durable. Refuses k_io_failed.
Status sync_directory(const std::string& path);

}  // namespace ajwt::files
