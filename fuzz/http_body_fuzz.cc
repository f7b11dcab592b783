// SPDX-License-Identifier: Apache-2.0
//
// Bodies of requests and responses: what comes out does not depend on how the bytes arrive, and is
// never more than what went in.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "http/internal/message.h"

namespace ajwt {
namespace {

using http::internal::MessageParser;
using http::internal::RequestParser;
using http::internal::ResponseParser;

constexpr std::uint64_t kMaxBody = 4096;

// Outcome is what a parser made of the bytes after a header section.
struct Outcome {
  bool refused = false;
  bool done = false;
  std::size_t left = 0;  // bytes after the end of the message
  std::string body;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// decode hands the bytes over `piece` at a time.
Outcome decode(MessageParser& parser, std::string_view input, std::size_t piece) {
  Outcome outcome;
  std::string pending;
  std::array<char, 64> out{};
  while (!parser.done()) {
    const std::size_t taken = std::min(piece, input.size());
    pending.append(input.substr(0, taken));
    input.remove_prefix(taken);
    bool moved = true;
    while (moved && !parser.done()) {
      const auto decoded = parser.decode(pending, out);
      if (!decoded) {
        outcome.refused = true;
        return outcome;
      }
      AJWT_CHECK(decoded->consumed <= pending.size() && decoded->produced <= out.size());
      outcome.body.append(out.data(), decoded->produced);
      pending.erase(0, decoded->consumed);
      moved = decoded->consumed + decoded->produced > 0;
    }
    if (!parser.done() && input.empty()) return outcome;
  }
  outcome.done = true;
  outcome.left = pending.size() + input.size();
  return outcome;
}

template <class Make>
void check(const Make& make, std::string_view head, std::string_view body, std::size_t piece) {
  auto whole = make();
  auto pieces = make();
  AJWT_CHECK(whole.parse_head(head) && pieces.parse_head(head));
  const Outcome at_once = decode(whole, body, body.size() + 1);
  const Outcome in_pieces = decode(pieces, body, piece);
  // What never comes to its end may be refused sooner or later.
  if (at_once.done || in_pieces.done) AJWT_CHECK(at_once == in_pieces);
  AJWT_CHECK(at_once.body.size() <= body.size());
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const std::string_view body = fuzz::text_of(data + 1, size - 1);
  const auto request = [] { return RequestParser(kMaxBody); };
  const auto response = [] { return ResponseParser("GET"); };
  check(request, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", body, piece);
  check(request, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n", body, piece);
  check(response, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body, piece);
  check(response, "HTTP/1.1 200 OK\r\n\r\n", body, piece);
  return 0;
}
