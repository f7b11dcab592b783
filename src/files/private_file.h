// SPDX-License-Identifier: Apache-2.0
//
// Files that hold secrets: written so that a crash leaves the old content or the new, read only if
// nobody else could have read or written them.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace ajwt::files {

// write_private_file writes the file with mode 0600, in place of one that may be there. It is
// durable, whole and under its name when the function returns. Refuses k_io_failed, naming the
// path.
Status write_private_file(const std::string& path, const Secret& content);

// create_private_file does the same where nothing has the name yet; refuses k_already_exists.
Status create_private_file(const std::string& path, const Secret& content);

// read_private_file reads a file of at most 64 kB. The file is opened once, without following a
// symbolic link at its end, and what was opened is judged: refuses k_key_file_unsafe unless it is a
// regular file that belongs to this user and that nobody else has any right to, k_io_failed if it
// cannot be read or is larger. Messages name the path.
Result<Secret> read_private_file(const std::string& path);

// remove_leftovers removes from a folder what writers that were killed left of their files there.
// Nobody else may be writing in it. What cannot be removed stays.
void remove_leftovers(const std::string& directory);

}  // namespace ajwt::files
