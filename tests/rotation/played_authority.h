// SPDX-License-Identifier: Apache-2.0
//
// A server on loopback that does to whoever fetches keys what it is told to: bytes, silence,
// resets, a closed door. For what no real server can be made to do.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ajwt::testing {

class PlayedAuthority {
 public:
  // Peer is one connection, once its request has come.
  class Peer {
   public:
    Peer(PlayedAuthority& authority, int socket) : authority_(authority), socket_(socket) {}
    // write sends bytes; what nobody takes any more is lost.
    void write(std::string_view bytes);
    // pause waits; false when it is time to stop.
    bool pause(std::chrono::milliseconds time);
    // hold waits until release().
    void hold();
    // reset lets the end of the connection be a TCP reset.
    void reset();

   private:
    PlayedAuthority& authority_;
    int socket_;
  };
  using Play = std::function<void(Peer&)>;

  explicit PlayedAuthority(Play play);
  ~PlayedAuthority();
  PlayedAuthority(const PlayedAuthority&) = delete;
  PlayedAuthority& operator=(const PlayedAuthority&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/jwks"; }
  std::uint16_t port() const { return port_; }
  // play sets what the next connections get.
  void play(Play play);
  // fetches counts requests that have come; finished those whose play has ended.
  int fetches() const { return fetches_; }
  int finished() const { return finished_; }
  void release();
  // close_door refuses connections, open_door takes them again on the same port.
  void close_door();
  void open_door();

 private:
  void listen_on(std::uint16_t port);
  void accept_all();
  void serve(int socket);

  std::mutex mutex_;
  std::condition_variable changed_;
  Play play_;
  bool stopping_ = false;
  std::uint64_t released_ = 0;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> fetches_{0};
  std::atomic<int> finished_{0};
  std::vector<std::thread> connections_;
  std::thread accepting_;
};

// answer_with returns a play: one whole answer, after which the connection ends.
PlayedAuthority::Play answer_with(std::string body, std::string_view status = "200 OK",
                                  std::string_view fields = "Content-Type: application/json\r\n");

}  // namespace ajwt::testing
