// SPDX-License-Identifier: Apache-2.0
#include "tests/rotation/played_authority.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/check.h"

namespace ajwt::testing {
namespace {

constexpr int kLookMilliseconds = 20;

bool read_request(int socket) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.find("\r\n\r\n") == std::string::npos) {
    const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

void PlayedAuthority::Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool PlayedAuthority::Peer::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(authority_.mutex_);
  return !authority_.changed_.wait_for(lock, time, [this] { return authority_.stopping_; });
}

void PlayedAuthority::Peer::hold() {
  std::unique_lock lock(authority_.mutex_);
  const std::uint64_t before = authority_.released_;
  authority_.changed_.wait(lock,
                           [&] { return authority_.stopping_ || authority_.released_ != before; });
}

void PlayedAuthority::Peer::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

PlayedAuthority::PlayedAuthority(Play play) : play_(std::move(play)) {
  listen_on(0);
  accepting_ = std::thread([this] { accept_all(); });
}

PlayedAuthority::~PlayedAuthority() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  accepting_.join();
  for (auto& connection : connections_) connection.join();
  if (listener_ >= 0) ::close(listener_);
}

void PlayedAuthority::play(Play play) {
  const std::lock_guard lock(mutex_);
  play_ = std::move(play);
}

void PlayedAuthority::release() {
  {
    const std::lock_guard lock(mutex_);
    ++released_;
  }
  changed_.notify_all();
}

void PlayedAuthority::close_door() {
  const std::lock_guard lock(mutex_);
  ::close(std::exchange(listener_, -1));
}

void PlayedAuthority::open_door() { listen_on(port_); }

void PlayedAuthority::listen_on(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  AJWT_CHECK(socket >= 0);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  AJWT_CHECK(::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  AJWT_CHECK(::listen(socket, 64) == 0);
  AJWT_CHECK(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const std::lock_guard lock(mutex_);
  port_ = ntohs(address.sin_port);
  listener_ = socket;
}

void PlayedAuthority::accept_all() {
  while (true) {
    int listener = -1;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      if (listener_ >= 0) listener = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    }
    if (listener < 0) {
      ::poll(nullptr, 0, kLookMilliseconds);
      continue;
    }
    connections_.emplace_back([this, listener] { serve(listener); });
  }
}

void PlayedAuthority::serve(int socket) {
  // Whoever connects sends its request at once, or is no concern of ours.
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (read_request(socket)) {
    Play play;
    {
      const std::lock_guard lock(mutex_);
      play = play_;
    }
    ++fetches_;
    Peer peer(*this, socket);
    play(peer);
    ++finished_;
  }
  ::close(socket);
}

PlayedAuthority::Play answer_with(std::string body, std::string_view status,
                                  std::string_view fields) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\n").append(fields);
  text += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
  return [text = std::move(text)](PlayedAuthority::Peer& peer) { peer.write(text); };
}

}  // namespace ajwt::testing
