// SPDX-License-Identifier: Apache-2.0
//
// The services under load, each in a process of its own, so that their CPU time can be told from
// one another's and from the load generator's.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ajwt::bench {

// Running is what a service keeps alive; its destructor stops it.
class Running {
 public:
  virtual ~Running() = default;
  // ports returns where it listens.
  virtual std::vector<std::uint16_t> ports() const = 0;
};

// Process is a service in a child process. All children are made before this process has threads.
class Process {
 public:
  // Process forks. The child waits for `start`, makes the service from its argument, and serves
  // until it is told to stop.
  using Make = std::function<std::unique_ptr<Running>(const std::string& argument)>;
  explicit Process(const Make& make);
  // ~Process stops the child and waits for it.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // start returns the ports.
  const std::vector<std::uint16_t>& start(const std::string& argument);
  std::uint16_t port(std::size_t number = 0) const { return ports_.at(number); }
  pid_t pid() const { return pid_; }
  // cpu_time returns what the child has used so far, in user and system mode.
  std::chrono::microseconds cpu_time() const;

 private:
  pid_t pid_;
  int socket_;
  std::vector<std::uint16_t> ports_;
};

// The port of each kind of proxy that make_proxies listens on.
enum class ProxyKind : std::size_t { kGuard, kBearer, kPassThrough };

// What the guard protects, and the one thing that is asked of it.
inline constexpr std::string_view kAudience = "https://api.example";
inline constexpr std::string_view kToolPath = "/proposals/prop_01/apply";

// make_authority serves an authority over a store in a directory of its own; the argument is the
// administrator's public key as PEM.
std::unique_ptr<Running> make_authority(const std::string& administrator);
// make_upstream serves the protected service: a short JSON answer to everything.
std::unique_ptr<Running> make_upstream(const std::string& argument);
// make_proxies serves, before the same upstream, a guard, a proxy that verifies a bearer token and
// nothing else, and one that checks nothing. The argument is "<authority port> <upstream port>".
std::unique_ptr<Running> make_proxies(const std::string& argument);

}  // namespace ajwt::bench
