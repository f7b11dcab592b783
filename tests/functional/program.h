// SPDX-License-Identifier: Apache-2.0
//
// Running the program under test: to its end, or in the background until it is told to stop.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ajwt::functional {

// ScratchFolder is a fresh private folder, removed with its content.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string path(std::string_view name = {}) const;
  std::string write(std::string_view name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

std::string read_text(const std::string& path);

// Call is one command line. Variables that start with AJWT_ come from here alone.
struct Call {
  std::vector<std::string> arguments;
  std::string folder;      // to run in
  std::string input = {};  // standard input
  std::map<std::string, std::string> variables = {};
  std::string program = {};  // its path; empty: the program under test
};

struct Outcome {
  int code;  // exit code, or 128 + the signal
  std::string out;
  std::string err;
};

// run waits for the program's end.
Outcome run(const Call& call);

// Background is a program that runs until signal() or its own end; it is told to end when this
// process does, however that happens.
class Background {
 public:
  explicit Background(const Call& call);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // wait_for returns the first line of standard error that contains the text; empty if the program
  // ends without one.
  std::string wait_for(std::string_view text);
  // signal sends a signal, waits for the end and returns the exit code.
  int signal(int number);
  pid_t pid() const { return pid_; }
  std::string err();

 private:
  void read_errors();

  pid_t pid_;
  int errors_;  // the pipe's end
  bool ended_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool closed_ = false;
  std::thread reader_;
};

// member_of returns the text of a string or number member of a flat JSON line: enough for logs.
std::string member_of(std::string_view line, std::string_view name);

}  // namespace ajwt::functional
