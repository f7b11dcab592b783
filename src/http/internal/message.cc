// SPDX-License-Identifier: Apache-2.0

#include "http/internal/message.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <utility>

#include "http/internal/fields.h"

namespace ajwt::http::internal {
namespace {

namespace beast = boost::beast::http;
using ErrorCode = boost::system::error_code;

// The gate has bounded the header section; trailers must have a bound of their own.
constexpr std::uint32_t kMaxHeaderBytes = 128 * 1024;

Error convert(const ErrorCode& error) {
  if (error == beast::error::body_limit)
    return refuse(Code::k_body_too_large, "the body is too large");
  return refuse(Code::k_request_malformed).with_detail(error.message());
}

std::string text_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// Beast's parsers of requests and of responses are two types.
class MessageParser::Impl {
 public:
  virtual ~Impl() = default;
  virtual bool done() const = 0;
  virtual Result<Decoded> decode(std::string_view input, std::span<char> out) = 0;
};

namespace {

// Parser takes from Beast what the callers of this file need: fields in their order of arrival, and
// the body straight into the caller's room.
template <bool IsRequest>
class Parser final : public MessageParser::Impl, private beast::basic_parser<IsRequest> {
  using Base = beast::basic_parser<IsRequest>;
  using Text = boost::beast::string_view;

 public:
  using Base::body_limit;
  using Base::put_eof;
  using Base::skip;

  bool done() const override { return Base::is_done(); }

  Result<Decoded> decode(std::string_view input, std::span<char> out) override {
    room_ = out;
    std::size_t consumed = 0;
    while (!done() && consumed < input.size()) {
      ErrorCode error;
      const auto rest = input.substr(consumed);
      // Beast asserts that it sees no part of a last chunk ("0\r\n\r\n") that comes first.
      if (Base::chunked() && !in_chunks_ && rest.size() < 5 && rest.front() == '0') break;
      const std::size_t n = Base::put(boost::asio::buffer(rest.data(), rest.size()), error);
      consumed += n;
      if (error == beast::error::need_buffer || error == beast::error::need_more) break;
      if (error) return convert(error);
      if (n == 0) break;
    }
    return Decoded{.consumed = consumed, .produced = out.size() - room_.size()};
  }

  Status parse(std::string_view head) {
    Base::header_limit(kMaxHeaderBytes);
    ErrorCode error;
    const std::size_t n = Base::put(boost::asio::buffer(head.data(), head.size()), error);
    if (error) return convert(error);
    if (n != head.size() || !Base::is_header_done())
      return refuse(Code::k_request_malformed).with_detail("the parsers disagree about its end");
    return ok();
  }

  Framing framing(Framing without) const {
    if (Base::chunked()) return Framing::kChunked;
    return Base::content_length() ? Framing::kLength : without;
  }

  std::uint64_t length() const {
    const auto length = Base::content_length();
    return length ? *length : 0;
  }

  Persistence persistence() const {
    return Base::keep_alive() ? Persistence::kKeepAlive : Persistence::kClose;
  }

  // What the start line and the fields said.
  std::string method;
  std::string target;
  int status = 0;
  Version version = Version::kHttp11;
  HttpHeaders headers;

 private:
  void on_request_impl(beast::verb, Text name, Text where, int number, ErrorCode& error) override {
    method = text_of(name);
    target = text_of(where);
    version = number == 11 ? Version::kHttp11 : Version::kHttp10;
    error = {};
  }

  void on_response_impl(int code, Text, int number, ErrorCode& error) override {
    status = code;
    version = number == 11 ? Version::kHttp11 : Version::kHttp10;
    error = {};
  }

  void on_field_impl(beast::field, Text name, Text value, ErrorCode& error) override {
    // What comes after the body was not judged with the head, so it is nothing to us.
    if (!in_body_) headers.add(text_of(name), text_of(value));
    error = {};
  }

  void on_header_impl(ErrorCode& error) override {
    in_body_ = true;
    error = {};
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode& error) override {
    error = {};
  }

  std::size_t on_body_impl(Text part, ErrorCode& error) override {
    const std::size_t size = std::min(part.size(), room_.size());
    std::copy_n(part.data(), size, room_.data());
    room_ = room_.subspan(size);
    error = {};
    if (size < part.size()) error = beast::error::need_buffer;
    return size;
  }

  void on_chunk_header_impl(std::uint64_t, Text extensions, ErrorCode& error) override {
    in_chunks_ = true;
    error = {};
    if (IsRequest && !extensions.empty()) error = beast::error::bad_chunk_extension;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, Text part, ErrorCode& error) override {
    return on_body_impl(part, error);
  }

  void on_finish_impl(ErrorCode& error) override { error = {}; }

  std::span<char> room_;
  bool in_body_ = false;
  bool in_chunks_ = false;  // the first chunk's header was read
};

}  // namespace

MessageParser::MessageParser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;

bool MessageParser::done() const { return impl_->done(); }

Result<Decoded> MessageParser::decode(std::string_view input, std::span<char> out) {
  return impl_->decode(input, out);
}

RequestParser::RequestParser(std::uint64_t max_body)
    : MessageParser(std::make_unique<Parser<true>>()) {
  static_cast<Parser<true>&>(*impl_).body_limit(max_body);
}

Result<RequestHead> RequestParser::parse_head(std::string_view head) {
  auto& parser = static_cast<Parser<true>&>(*impl_);
  AJWT_TRY(parser.parse(head));
  const auto question = parser.target.find('?');
  HttpRequest request;
  request.method = std::move(parser.method);
  request.path = parser.target.substr(0, question);
  if (question != std::string::npos) request.query = parser.target.substr(question + 1);
  request.headers = std::move(parser.headers);
  const bool modern = parser.version == Version::kHttp11;
  const bool expects = modern && request.headers.find("expect").has_value();
  return RequestHead{.request = std::move(request),
                     .version = parser.version,
                     .framing = parser.framing(Framing::kNone),
                     .length = parser.length(),
                     .persistence = modern ? parser.persistence() : Persistence::kClose,
                     .expects_continue = expects};
}

ResponseParser::ResponseParser(std::string_view method)
    : MessageParser(std::make_unique<Parser<false>>()) {
  auto& parser = static_cast<Parser<false>&>(*impl_);
  parser.body_limit(boost::none);
  parser.skip(method == "HEAD");
}

Result<ResponseHead> ResponseParser::parse_head(std::string_view head) {
  auto& parser = static_cast<Parser<false>&>(*impl_);
  AJWT_TRY(parser.parse(head));
  return ResponseHead{
      .response =
          HttpResponse{.status = parser.status, .headers = std::move(parser.headers), .body = {}},
      .framing = is_bodiless(parser.status) ? Framing::kNone : parser.framing(Framing::kUntilClose),
      .length = parser.length(),
      .persistence = parser.persistence()};
}

Status ResponseParser::finish() {
  auto& parser = static_cast<Parser<false>&>(*impl_);
  if (parser.done()) return ok();
  ErrorCode error;
  parser.put_eof(error);
  if (error) return convert(error);
  return ok();
}

std::string_view reason_phrase(int status) {
  const auto known = beast::int_to_status(static_cast<unsigned>(status));
  if (known == beast::status::unknown) return {};
  const auto phrase = beast::obsolete_reason(known);
  return {phrase.data(), phrase.size()};
}

}  // namespace ajwt::http::internal
