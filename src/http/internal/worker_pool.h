// SPDX-License-Identifier: Apache-2.0
//
// Threads for work that may block, with a bounded queue.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ajwt::http::internal {

// WorkerPool runs jobs on its threads in the order in which they came.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t max_queued);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // submit queues a job and returns true, or returns false if the queue is full or the pool was
  // stopped; the job is then gone. A job does not throw.
  bool submit(std::function<void()> job);

  // stop waits for the running jobs, joins the threads and then destroys the queued jobs unrun, on
  // the calling thread.
  void stop();

 private:
  void run();

  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ajwt::http::internal
