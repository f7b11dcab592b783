// SPDX-License-Identifier: Apache-2.0
//
// A script of this folder in a Node of its own, and what the operating system knows of a process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "json/value.h"

namespace ajwt::bench {

// Node is which Node runs what: the program, and the folder of the scripts and their packages.
struct Node {
  std::string program;
  std::string folder;
};

// NodeProcess is a running script. It is talked to in lines.
class NodeProcess {
 public:
  // NodeProcess starts a script in production mode; it inherits the processors that this thread may
  // run on. Ends the program if there is no such thing.
  NodeProcess(const Node& node, const std::string& script, const json::Object& argument);
  // ~NodeProcess ends the script's input, which ends the script, and waits for it.
  ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  // read_line returns what the script says next; ends the program if it says nothing any more.
  std::string read_line();
  void write_line(const std::string& line);
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  std::FILE* input_ = nullptr;   // of the script
  std::FILE* output_ = nullptr;  // of the script
};

// cpu_time_of returns what all threads of a process have used so far, in user and system mode, by
// the clock that the kernel keeps of it.
std::chrono::nanoseconds cpu_time_of(pid_t pid);

// pin lets a process that has one thread, and what it starts, run on this processor alone; 0 is the
// calling thread.
void pin(pid_t pid, int processor);

// Processors are the one of the service that is measured and the one of the load generator.
struct Processors {
  int service;
  int client;
};
// get_processors returns two that this process may run on; ends the program if it has one alone.
Processors get_processors();

}  // namespace ajwt::bench
