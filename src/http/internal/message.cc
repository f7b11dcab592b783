// SPDX-License-Identifier: Apache-2.0

#include "http/internal/message.h"

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
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

void refuse_extensions(std::uint64_t, boost::beast::string_view extensions, ErrorCode& error) {
  if (!extensions.empty()) error = beast::error::bad_chunk_extension;
}

template <class Message>
HttpHeaders copy_fields(const Message& message) {
  HttpHeaders headers;
  for (const auto& field : message)
    headers.add(std::string(field.name_string()), std::string(field.value()));
  return headers;
}

}  // namespace

// The two Beast parsers differ in type alone.
class MessageParser::Impl {
 public:
  virtual ~Impl() = default;
  virtual bool done() const = 0;
  virtual Result<Decoded> decode(std::string_view input, std::span<char> out) = 0;
};

namespace {

template <bool IsRequest>
class ImplOf final : public MessageParser::Impl {
 public:
  bool done() const override { return parser.is_done(); }

  Result<Decoded> decode(std::string_view input, std::span<char> out) override {
    auto& body = parser.get().body();
    body.data = out.data();
    body.size = out.size();
    body.more = true;
    std::size_t consumed = 0;
    while (!parser.is_done() && consumed < input.size()) {
      ErrorCode error;
      const auto rest = input.substr(consumed);
      const std::size_t n = parser.put(boost::asio::buffer(rest.data(), rest.size()), error);
      consumed += n;
      if (error == beast::error::need_buffer || error == beast::error::need_more) break;
      if (error) return convert(error);
      if (n == 0) break;
    }
    return Decoded{.consumed = consumed, .produced = out.size() - body.size};
  }

  Status parse(std::string_view head) {
    parser.header_limit(kMaxHeaderBytes);
    ErrorCode error;
    const std::size_t n = parser.put(boost::asio::buffer(head.data(), head.size()), error);
    if (error && error != beast::error::need_buffer) return convert(error);
    if (n != head.size() || !parser.is_header_done())
      return refuse(Code::k_request_malformed).with_detail("the parsers disagree about its end");
    return ok();
  }

  Framing framing(Framing without) const {
    if (parser.chunked()) return Framing::kChunked;
    return parser.content_length() ? Framing::kLength : without;
  }

  std::uint64_t length() const {
    const auto length = parser.content_length();
    return length ? *length : 0;
  }

  beast::parser<IsRequest, beast::buffer_body> parser;
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
    : MessageParser(std::make_unique<ImplOf<true>>()) {
  auto& parser = static_cast<ImplOf<true>&>(*impl_).parser;
  parser.body_limit(max_body);
  parser.on_chunk_header(refuse_extensions);
}

Result<RequestHead> RequestParser::parse_head(std::string_view head) {
  auto& impl = static_cast<ImplOf<true>&>(*impl_);
  AJWT_TRY(impl.parse(head));
  const auto& message = impl.parser.get();
  const std::string_view target(message.target().data(), message.target().size());
  const auto question = target.find('?');
  const Version version = message.version() == 11 ? Version::kHttp11 : Version::kHttp10;

  HttpRequest request;
  request.method = std::string(message.method_string());
  request.path = std::string(target.substr(0, question));
  if (question != std::string_view::npos) request.query = std::string(target.substr(question + 1));
  request.headers = copy_fields(message);
  const bool expects = version == Version::kHttp11 && request.headers.find("expect").has_value();
  return RequestHead{.request = std::move(request),
                     .version = version,
                     .framing = impl.framing(Framing::kNone),
                     .length = impl.length(),
                     .persistence = version == Version::kHttp11 && impl.parser.keep_alive()
                                        ? Persistence::kKeepAlive
                                        : Persistence::kClose,
                     .expects_continue = expects};
}

ResponseParser::ResponseParser(std::string_view method)
    : MessageParser(std::make_unique<ImplOf<false>>()) {
  auto& parser = static_cast<ImplOf<false>&>(*impl_).parser;
  parser.body_limit(boost::none);
  parser.skip(method == "HEAD");
}

Result<ResponseHead> ResponseParser::parse_head(std::string_view head) {
  auto& impl = static_cast<ImplOf<false>&>(*impl_);
  AJWT_TRY(impl.parse(head));
  const auto& message = impl.parser.get();
  const int status = static_cast<int>(message.result_int());
  return ResponseHead{
      .response = HttpResponse{.status = status, .headers = copy_fields(message), .body = {}},
      .framing = is_bodiless(status) ? Framing::kNone : impl.framing(Framing::kUntilClose),
      .length = impl.length(),
      .persistence = impl.parser.keep_alive() ? Persistence::kKeepAlive : Persistence::kClose};
}

Status ResponseParser::finish() {
  auto& parser = static_cast<ImplOf<false>&>(*impl_).parser;
  if (parser.is_done()) return ok();
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
