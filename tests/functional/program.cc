// SPDX-License-Identifier: Apache-2.0
#include "tests/functional/program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace ajwt::functional {
namespace {

constexpr const char* kProgram = AJWT_PROGRAM;

std::vector<std::string> environment_of(const Call& call) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!text.starts_with("AJWT_")) variables.push_back(text);
  }
  for (const auto& [name, value] : call.variables) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// start runs the program with these descriptors. Between fork and exec only calls that are safe in
// a signal handler are made.
pid_t start(const Call& call, int in, int out, int err) {
  std::vector<std::string> words = call.arguments;
  const std::string program = call.program.empty() ? kProgram : call.program;
  words.insert(words.begin(), program);
  std::vector<std::string> variables = environment_of(call);
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<char*> envp = pointers_to(variables);
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid > 0) return pid;
  // Whoever is killed for taking too long leaves no servers behind.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(call.folder.c_str()) != 0) {
    _exit(126);
  }
  execve(program.c_str(), argv.data(), envp.data());
  _exit(127);
}

int end_of(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int open_or_throw(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("cannot open " + path);
  return file;
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "ajwt-cli-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string ScratchFolder::path(std::string_view name) const {
  return name.empty() ? path_.string() : (path_ / name).string();
}

std::string ScratchFolder::write(std::string_view name, std::string_view text) const {
  std::ofstream(path(name), std::ios::binary) << text;
  return path(name);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Outcome run(const Call& call) {
  const ScratchFolder folder;
  const std::string in = folder.write("in", call.input);
  const int input = open_or_throw(in, O_RDONLY);
  const int out = open_or_throw(folder.path("out"), O_WRONLY | O_CREAT);
  const int err = open_or_throw(folder.path("err"), O_WRONLY | O_CREAT);
  const int code = end_of(start(call, input, out, err));
  for (const int file : {input, out, err}) close(file);
  return {code, read_text(folder.path("out")), read_text(folder.path("err"))};
}

Background::Background(const Call& call) {
  std::array<int, 2> pipe{};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
  const int null = open_or_throw("/dev/null", O_RDWR);
  pid_ = start(call, null, null, pipe[1]);
  close(null);
  close(pipe[1]);
  errors_ = pipe[0];
  reader_ = std::thread([this] { read_errors(); });
}

Background::~Background() {
  if (!ended_) signal(SIGKILL);
  reader_.join();
  close(errors_);
}

void Background::read_errors() {
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = read(errors_, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    const std::lock_guard lock(mutex_);
    if (size <= 0) {
      closed_ = true;
    } else {
      text_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    changed_.notify_all();
    if (closed_) return;
  }
}

std::string Background::wait_for(std::string_view text) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::size_t found = text_.find(text);
    const std::size_t end = found == text_.npos ? text_.npos : text_.find('\n', found);
    if (end != text_.npos) {
      const std::size_t begin = text_.rfind('\n', found);
      const std::size_t first = begin == text_.npos ? 0 : begin + 1;
      return text_.substr(first, end - first);
    }
    if (closed_) return {};
    changed_.wait(lock);
  }
}

int Background::signal(int number) {
  kill(pid_, number);
  ended_ = true;
  return end_of(pid_);
}

std::string Background::err() {
  const std::lock_guard lock(mutex_);
  return text_;
}

std::string member_of(std::string_view line, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t found = line.find(key);
  if (found == line.npos) return {};
  std::string_view rest = line.substr(found + key.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.starts_with('"')) {
    rest.remove_prefix(1);
    return std::string(rest.substr(0, rest.find('"')));
  }
  return std::string(rest.substr(0, rest.find_first_of(",}\n")));
}

}  // namespace ajwt::functional
