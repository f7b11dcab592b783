// SPDX-License-Identifier: Apache-2.0

#include "http/internal/message.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "http/internal/fields.h"
#include "http/internal/upstream_address.h"
#include "http/internal/worker_pool.h"
#include "tests/support/matchers.h"

namespace ajwt::http::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// decode_all feeds `input` in pieces of `step` bytes and returns the decoded body.
Result<std::string> decode_all(MessageParser& parser, std::string_view input, std::size_t step) {
  std::string body;
  std::string waiting;
  std::array<char, 3> out;
  while (!parser.done()) {
    AJWT_ASSIGN(const Decoded decoded, parser.decode(waiting, out));
    waiting.erase(0, decoded.consumed);
    body.append(out.data(), decoded.produced);
    if (decoded.consumed > 0 || decoded.produced > 0) continue;
    if (input.empty()) return refuse(Code::k_network_failed);
    waiting += input.substr(0, step);
    input.remove_prefix(std::min(step, input.size()));
  }
  return body;
}

constexpr std::string_view kChunkedHead =
    "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(RequestParser, SplitsTheTargetAndKeepsItsSpelling) {
  RequestParser parser(0);
  const auto head =
      parser.parse_head("PROPFIND /a%20b?x=1?y HTTP/1.1\r\nHost: h\r\nX: 1\r\nx: 2\r\n\r\n");

  ASSERT_THAT(head, IsOk());
  EXPECT_EQ(head->request.method, "PROPFIND");
  EXPECT_EQ(head->request.path, "/a%20b");
  EXPECT_EQ(head->request.query, "x=1?y");
  EXPECT_THAT(head->request.headers.fields(),
              ElementsAre(Pair("Host", "h"), Pair("X", "1"), Pair("x", "2")));
  EXPECT_EQ(head->framing, Framing::kNone);
  EXPECT_EQ(head->persistence, Persistence::kKeepAlive);
  EXPECT_TRUE(parser.done());
}

TEST(RequestParser, KeepsFieldsInTheirOrderOfArrival) {
  RequestParser parser(0);
  const auto head = parser.parse_head("GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\nY: 2\r\nX: 3\r\n\r\n");
  ASSERT_THAT(head, IsOk());
  EXPECT_THAT(head->request.headers.fields(),
              ElementsAre(Pair("Host", "h"), Pair("X", "1"), Pair("Y", "2"), Pair("X", "3")));
}

TEST(RequestParser, DecodesBodiesInPiecesOfAnySize) {
  for (std::size_t step = 1; step < 30; ++step) {
    RequestParser chunked(100);
    ASSERT_THAT(chunked.parse_head(kChunkedHead), IsOk());
    EXPECT_THAT(decode_all(chunked, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", step),
                IsOkAndHolds("hello world"));

    RequestParser plain(100);
    ASSERT_THAT(plain.parse_head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"),
                IsOk());
    EXPECT_THAT(decode_all(plain, "hello", step), IsOkAndHolds("hello"));
  }
}

TEST(RequestParser, LeavesTheNextRequestAlone) {
  RequestParser parser(100);
  ASSERT_THAT(parser.parse_head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"), IsOk());
  std::array<char, 10> out;
  const auto decoded = parser.decode("hiGET / HTTP/1.1", out);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->consumed, 2u);
  EXPECT_TRUE(parser.done());
}

TEST(RequestParser, DropsTrailers) {
  RequestParser parser(100);
  auto head = parser.parse_head(kChunkedHead);
  ASSERT_THAT(head, IsOk());
  EXPECT_THAT(decode_all(parser, "1\r\na\r\n0\r\nX-Agent-Sub: admin\r\n\r\n", 100),
              IsOkAndHolds("a"));
  EXPECT_FALSE(head->request.headers.find("x-agent-sub"));
}

TEST(RequestParser, TakesALastChunkThatComesFirstInPiecesOfAnySize) {
  for (const std::string_view body : {"0\r\n\r\n", "00\r\n\r\n", "0\r\nX-Trailer: a\r\n\r\n"}) {
    for (std::size_t step = 1; step <= body.size(); ++step) {
      RequestParser parser(0);
      ASSERT_THAT(parser.parse_head(kChunkedHead), IsOk());
      EXPECT_THAT(decode_all(parser, body, step), IsOkAndHolds("")) << body << step;
    }
  }
}

TEST(RequestParser, RefusesMalformedChunks) {
  const auto bodies = std::to_array<std::string_view>(
      {"5;ext=1\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
       "-5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n",
       "5\r\nhelloX\r\n0\r\n\r\n", "11111111111111111\r\nhello\r\n0\r\n\r\n"});
  for (const auto body : bodies) {
    RequestParser parser(100);
    ASSERT_THAT(parser.parse_head(kChunkedHead), IsOk());
    EXPECT_THAT(decode_all(parser, body, 100), RefusedWith(Code::k_request_malformed)) << body;
  }
}

TEST(RequestParser, RefusesLargeBodiesByLengthAndByCount) {
  RequestParser by_length(4);
  EXPECT_THAT(by_length.parse_head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"),
              RefusedWith(Code::k_body_too_large));

  RequestParser by_count(4);
  ASSERT_THAT(by_count.parse_head(kChunkedHead), IsOk());
  EXPECT_THAT(decode_all(by_count, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 100),
              RefusedWith(Code::k_body_too_large));
}

TEST(RequestParser, TellsWhenTheConnectionEnds) {
  const auto persistence = [](std::string_view head) {
    RequestParser parser(0);
    return parser.parse_head(head)->persistence;
  };
  EXPECT_EQ(persistence("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Persistence::kKeepAlive);
  EXPECT_EQ(persistence("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            Persistence::kClose);
  EXPECT_EQ(persistence("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), Persistence::kClose);
}

TEST(ResponseParser, FindsTheEndOfEachKindOfBody) {
  ResponseParser until_close("GET");
  auto head = until_close.parse_head("HTTP/1.1 200 OK\r\n\r\n");
  ASSERT_THAT(head, IsOk());
  EXPECT_EQ(head->framing, Framing::kUntilClose);
  EXPECT_EQ(head->persistence, Persistence::kClose);
  EXPECT_FALSE(until_close.done());
  EXPECT_THAT(until_close.finish(), IsOk());
  EXPECT_TRUE(until_close.done());

  ResponseParser cut_off("GET");
  head = cut_off.parse_head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  ASSERT_THAT(head, IsOk());
  EXPECT_EQ(head->framing, Framing::kLength);
  EXPECT_THAT(cut_off.finish(), RefusedWith(Code::k_request_malformed));

  ResponseParser to_head("HEAD");
  head = to_head.parse_head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  ASSERT_THAT(head, IsOk());
  EXPECT_EQ(head->length, 3u);
  EXPECT_TRUE(to_head.done());

  ResponseParser without("GET");
  head = without.parse_head("HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_THAT(head, IsOk());
  EXPECT_EQ(head->framing, Framing::kNone);
  EXPECT_TRUE(without.done());
}

TEST(WriteResponse, OwnsTheFraming) {
  HttpHeaders headers;
  headers.add("Content-Length", "999");
  headers.add("Transfer-Encoding", "chunked");
  headers.add("Connection", "upgrade");
  headers.add("Date", "now");
  headers.add("X", "1");
  const HttpResponse response{.status = 200, .headers = headers, .body = "hi"};

  EXPECT_THAT(write_response(response, "GET", Persistence::kKeepAlive),
              IsOkAndHolds("HTTP/1.1 200 OK\r\nDate: now\r\nX: 1\r\nContent-Length: 2\r\n\r\nhi"));
  EXPECT_THAT(write_response(response, "HEAD", Persistence::kClose),
              IsOkAndHolds("HTTP/1.1 200 OK\r\nDate: now\r\nX: 1\r\nContent-Length: 2\r\n"
                           "Connection: close\r\n\r\n"));
}

TEST(WriteResponse, RefusesResponseSplitting) {
  const auto with = [](std::string name, std::string value) {
    HttpResponse response{.status = 200, .headers = {}, .body = {}};
    response.headers.add(name, std::move(value));
    return write_response(response, "GET", Persistence::kClose);
  };
  EXPECT_THAT(with("X", "a\r\nSet-Cookie: b"), RefusedWith(Code::k_internal_error));
  EXPECT_THAT(with("X", "a\nb"), RefusedWith(Code::k_internal_error));
  EXPECT_THAT(with("X\r\nY", "a"), RefusedWith(Code::k_internal_error));
  EXPECT_THAT(with("", "a"), RefusedWith(Code::k_internal_error));
  const HttpResponse odd{.status = 99, .headers = {}, .body = {}};
  EXPECT_THAT(write_response(odd, "GET", Persistence::kClose), RefusedWith(Code::k_internal_error));
}

TEST(Fields, RemovesWhatIsMeantForOneConnection) {
  HttpHeaders headers;
  for (const auto* name : {"Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding",
                           "Upgrade", "Proxy-Authorization", "Proxy-Connection", "X-Private"})
    headers.add(name, "x");
  headers.add("connection", "close, x-private ,, Other");
  headers.add("Other", "x");
  headers.add("Kept", "x");

  remove_hop_by_hop(headers);

  EXPECT_THAT(headers.fields(), ElementsAre(Pair("Kept", "x")));
}

TEST(Fields, RemovesSpellingsThatAnUpstreamTakesForTheSame) {
  HttpHeaders headers;
  headers.add("X_Agent_Sub", "spoofed");
  headers.add("x-agent-sub", "spoofed");
  headers.add("X-Agent-Subject", "kept");

  remove_folded(headers, "X-Agent-Sub");

  EXPECT_THAT(headers.fields(), ElementsAre(Pair("X-Agent-Subject", "kept")));
}

TEST(Fields, RemovesOverridesOfClientPathAndMethod) {
  HttpHeaders headers;
  for (const auto* name :
       {"Forwarded", "X-Forwarded-For", "X_FORWARDED_HOST", "x-forwarded-anything",
        "X-Original-URL", "X-Rewrite-Url", "X-HTTP-Method-Override", "X-Method-Override"})
    headers.add(name, "x");
  headers.add("X-Request-Id", "kept");

  remove_overrides(headers);

  EXPECT_THAT(headers.fields(), ElementsAre(Pair("X-Request-Id", "kept")));
}

TEST(UpstreamAddress, IsReadFromAUrlOfHostAndPort) {
  const auto plain = parse_upstream("http://api.internal:8080");
  ASSERT_THAT(plain, IsOk());
  EXPECT_EQ(plain->host, "api.internal");
  EXPECT_EQ(plain->port, 8080);
  EXPECT_EQ(plain->authority, "api.internal:8080");

  const auto v6 = parse_upstream("http://[::1]/");
  ASSERT_THAT(v6, IsOk());
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 80);
  EXPECT_EQ(v6->authority, "[::1]");
}

TEST(UpstreamAddress, RefusesEverythingElse) {
  const auto urls = std::to_array<std::string_view>(
      {"", "https://a", "a:80", "http://", "http://a/b", "http://a?b", "http://u@a",
       "http://a:", "http://a:0", "http://a:65536", "http://a:80x", "http://[::1", "http://[]",
       "http://a b", "http://a\r\nX: y", "http://[::1]80"});
  for (const auto url : urls)
    EXPECT_THAT(parse_upstream(url), RefusedWith(Code::k_configuration_refused)) << url;
}

TEST(WorkerPool, RefusesJobsBeyondItsQueueAndDropsTheRestWhenStopped) {
  std::mutex mutex;
  std::condition_variable changed;
  bool started = false;
  bool released = false;
  int ran = 0;
  WorkerPool pool(1, 1);
  const auto block = [&] {
    std::unique_lock lock(mutex);
    started = true;
    ++ran;
    changed.notify_all();
    changed.wait(lock, [&] { return released; });
  };

  EXPECT_TRUE(pool.submit(block));
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return started; });
  }
  EXPECT_TRUE(pool.submit(block));
  EXPECT_FALSE(pool.submit(block));
  std::thread stopper([&] { pool.stop(); });
  // Whatever comes first, the stop or the release: at most the queued job runs as well.
  {
    const std::lock_guard lock(mutex);
    released = true;
  }
  changed.notify_all();
  stopper.join();

  EXPECT_GE(ran, 1);
  EXPECT_LE(ran, 2);
  EXPECT_FALSE(pool.submit(block));
}

TEST(Fields, KnowTheirNamesInEverySpellingThatAServiceReadsAlike) {
  for (const std::string_view name : {"Content-Length", "Content_Length", "content.length",
                                      "Transfer_Encoding", "Proxy.Connection", "Host"}) {
    EXPECT_TRUE(is_framing_field(name)) << name;
  }
  EXPECT_FALSE(is_framing_field("ContentLength"));

  HttpHeaders headers;
  for (const std::string_view name :
       {"Forwarded", "X_Forwarded_For", "X.Forwarded.Host", "Proxy", "X-Real-IP", "x_real_ip",
        "X-Original-URL", "X-Original-URI", "X-Original_Host", "X-Original-Method", "X-Rewrite-Url",
        "X.Http.Method"}) {
    headers.add(name, "evil");
  }
  headers.add("X-Kept", "1");
  remove_overrides(headers);
  EXPECT_THAT(headers.fields(), ElementsAre(Pair("X-Kept", "1")));

  headers.add("Connection", "X-Private");
  headers.add("X_Private", "1");
  headers.add("Transfer_Encoding", "chunked");
  remove_hop_by_hop(headers);
  EXPECT_THAT(headers.fields(), ElementsAre(Pair("X-Kept", "1")));
}

TEST(WriteRequestHead, LeavesOutFramingInAnySpelling) {
  HttpHeaders headers;
  headers.add("Content_Length", "7");
  headers.add("Transfer.Encoding", "chunked");
  headers.add("Host", "a");
  const HttpRequest request{
      .method = "POST", .path = "/", .query = {}, .headers = {}, .body = {}, .peer = {}};
  const auto text = write_request_head(request, headers, Framing::kLength, 2);
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
}

}  // namespace
}  // namespace ajwt::http::internal
