// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/node_process.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "base/check.h"
#include "json/write.h"

namespace ajwt::bench {
namespace {

// Pipe is both ends; none survives an exec.
struct Pipe {
  Pipe() { AJWT_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0); }
  std::array<int, 2> ends{};
  int reader() const { return ends[0]; }
  int writer() const { return ends[1]; }
};

}  // namespace

NodeProcess::NodeProcess(const Node& node, const std::string& script,
                         const json::Object& argument) {
  const Pipe to_script;
  const Pipe from_script;
  posix_spawn_file_actions_t actions;
  AJWT_CHECK(posix_spawn_file_actions_init(&actions) == 0);
  posix_spawn_file_actions_adddup2(&actions, to_script.reader(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from_script.writer(), STDOUT_FILENO);

  std::string program = node.program;
  std::string path = node.folder + "/" + script;
  std::string text = json::write(argument);
  std::array<char*, 4> arguments{program.data(), path.data(), text.data(), nullptr};
  std::string production = "NODE_ENV=production";
  std::array<char*, 2> environment{production.data(), nullptr};
  const int error =
      posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(to_script.reader());
  close(from_script.writer());
  if (error != 0) {
    std::fprintf(stderr, "bench: %s cannot be started\n", program.c_str());
    std::exit(1);
  }
  input_ = fdopen(to_script.writer(), "w");
  output_ = fdopen(from_script.reader(), "r");
  AJWT_CHECK(input_ != nullptr && output_ != nullptr);
}

NodeProcess::~NodeProcess() {
  std::fclose(input_);
  std::fclose(output_);
  waitpid(pid_, nullptr, 0);
}

std::string NodeProcess::read_line() {
  std::array<char, 256> line{};
  if (std::fgets(line.data(), static_cast<int>(line.size()), output_) == nullptr) {
    std::fprintf(stderr, "bench: a script of bench/peers ended before its time\n");
    std::exit(1);
  }
  return line.data();
}

void NodeProcess::write_line(const std::string& line) {
  AJWT_CHECK(std::fprintf(input_, "%s\n", line.c_str()) > 0 && std::fflush(input_) == 0);
}

std::chrono::nanoseconds cpu_time_of(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  AJWT_CHECK(clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &time) == 0);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void pin(pid_t pid, int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  AJWT_CHECK(sched_setaffinity(pid, sizeof set, &set) == 0);
}

Processors get_processors() {
  cpu_set_t set;
  AJWT_CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
  std::vector<int> allowed;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) allowed.push_back(i);
  }
  if (allowed.size() < 2) {
    std::fprintf(stderr, "bench: two processors are needed, one for the service\n");
    std::exit(1);
  }
  return {.service = allowed[0], .client = allowed[1]};
}

}  // namespace ajwt::bench
