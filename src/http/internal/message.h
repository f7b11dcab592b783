// SPDX-License-Identifier: Apache-2.0
//
// Parsing of messages whose header section has passed the gate, by Beast, behind a plain interface;
// and writing of header sections. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::http::internal {

// The interim response that asks for the body (RFC 9110 15.2.1).
inline constexpr std::string_view kContinueResponse = "HTTP/1.1 100 Continue\r\n\r\n";

// How much of a body is read at once.
inline constexpr std::size_t kBodyReadSize = 16 * 1024;

// Framing is how a body's end is found (RFC 9112 6.3).
enum class Framing { kNone, kLength, kChunked, kUntilClose };

enum class Version { kHttp10, kHttp11 };

// Persistence tells whether a connection takes another message after this one.
enum class Persistence { kClose, kKeepAlive };

struct RequestHead {
  HttpRequest request;  // peer and body are empty
  Version version;
  Framing framing;
  std::uint64_t length;  // of a body with Framing::kLength, else 0
  Persistence persistence;
  bool expects_continue;
};

struct ResponseHead {
  HttpResponse response;  // the body is empty
  Framing framing;
  std::uint64_t length;
  Persistence persistence;
};

// Decoded tells how far MessageParser::decode came.
struct Decoded {
  std::size_t consumed;  // bytes of the input that are done with
  std::size_t produced;  // bytes of the body that were written
};

// MessageParser reads one message: parse_head once, then decode until done.
class MessageParser {
 public:
  ~MessageParser();
  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;

  // done tells whether the message has come to its end.
  bool done() const;

  // decode turns bytes of the connection into bytes of the body. When it neither consumes nor
  // produces anything, it needs more input. Trailer fields are dropped. Refuses
  // k_request_malformed and k_body_too_large.
  Result<Decoded> decode(std::string_view input, std::span<char> out);

  class Impl;

 protected:
  explicit MessageParser(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// RequestParser reads a request with a body of at most `max_body` bytes. Chunk extensions are
// refused: nothing uses them, and parsers disagree about their line ends.
class RequestParser final : public MessageParser {
 public:
  explicit RequestParser(std::uint64_t max_body);

  // parse_head reads a header section that has passed check_request_head. Refuses
  // k_body_too_large if its Content-Length is too large, else k_request_malformed.
  Result<RequestHead> parse_head(std::string_view head);
};

// ResponseParser reads an upstream's response to a request with this method.
class ResponseParser final : public MessageParser {
 public:
  explicit ResponseParser(std::string_view method);

  // parse_head reads a header section that has passed check_response_head.
  Result<ResponseHead> parse_head(std::string_view head);

  // finish tells that the connection was closed; refuses k_request_malformed if the message was
  // not at its end.
  Status finish();
};

// ResponseFraming is what the header section of a response says about its body.
struct ResponseFraming {
  Framing framing;
  std::uint64_t length;
  Persistence persistence;
};

// write_response_head returns status line and fields, up to the empty line. Fields of `headers`
// about connection and framing are left out and written from `framing`; a Date is added if there is
// none. Refuses k_internal_error for a status outside 200 to 599 and for names and values that no
// field can hold.
Result<std::string> write_response_head(int status, const HttpHeaders& headers,
                                        const ResponseFraming& framing);

// write_request_head is the same for a request; `headers` holds the Host.
Result<std::string> write_request_head(const HttpRequest& request, const HttpHeaders& headers,
                                       Framing framing, std::uint64_t length);

// write_response returns a whole response. With the method HEAD the body is left out and its length
// told. Refuses as write_response_head does.
Result<std::string> write_response(const HttpResponse& response, std::string_view method,
                                   Persistence persistence);

// is_bodiless tells whether responses with this status have no body by definition.
bool is_bodiless(int status);

}  // namespace ajwt::http::internal
