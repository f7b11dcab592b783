// SPDX-License-Identifier: Apache-2.0
//
// One I/O thread's world: its io_context and the deadlines of everything that waits in it. Nothing
// here is shared between threads, so nothing here is locked.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>

#include "http/internal/asio.h"

namespace ajwt::http::internal {

using Milliseconds = std::chrono::milliseconds;

class Deadline;

// IoThread owns an io_context that one thread runs.
class IoThread {
 public:
  explicit IoThread(std::size_t index) : index_(index) {}
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  asio::io_context& context() { return context_; }
  Executor executor() { return context_.get_executor(); }
  std::size_t index() const { return index_; }

  // sweep cancels, every `period`, what is past its deadline; it runs until the context stops.
  Task<void> sweep(Milliseconds period);

  // drain cancels all waits for a further request; from now on no connection is kept open.
  void drain();
  bool draining() const { return draining_; }

 private:
  friend class Deadline;
  std::size_t index_;
  bool draining_ = false;
  std::list<Deadline*> deadlines_;
  asio::io_context context_{1};  // last: what it destroys may still leave the list
};

// Deadline cancels a socket's operations when they take too long. Instead of one timer for each
// operation, all deadlines of a thread are looked at a few times a second: setting one costs a look
// at the clock.
class Deadline {
 public:
  // What the operation waits for: drain() ends waits for the next request at once.
  enum class For { kWork, kNextRequest };

  Deadline(IoThread& thread, Socket& socket);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // set starts anew, clear ends; expired tells whether the time ran out since set.
  void set(Milliseconds timeout, For purpose = For::kWork);
  void clear() { at_ = kNever; }
  bool expired() const { return expired_; }
  bool active() const { return at_ != kNever; }

 private:
  friend class IoThread;
  using Time = std::chrono::steady_clock::time_point;
  static constexpr Time kNever = Time::max();

  void expire();

  IoThread& thread_;
  Socket& socket_;
  std::list<Deadline*>::iterator place_;
  Time at_ = kNever;
  For purpose_ = For::kWork;
  bool expired_ = false;
};

}  // namespace ajwt::http::internal
