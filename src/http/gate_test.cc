// SPDX-License-Identifier: Apache-2.0

#include "http/gate.h"

#include <array>
#include <string>

#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

std::string with_fields(const std::string& fields) {
  return "POST /token HTTP/1.1\r\nHost: as.example\r\n" + fields + "\r\n";
}

TEST(Gate, LetsOrdinaryRequestsThrough) {
  const auto heads = std::to_array<std::string>({
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a/b?x=1&y=%20[z] HTTP/1.1\r\nhost: [::1]:8080\r\nAccept: */*\r\n\r\n",
      "GET /old HTTP/1.0\r\n\r\n",
      with_fields("Content-Length: 5\r\n"),
      with_fields("Content-Length:5\r\n"),
      with_fields("Transfer-Encoding: chunked\r\n"),
      with_fields("Transfer-Encoding: CHUNKED\r\n"),
      with_fields("Expect: 100-continue\r\nContent-Length: 1\r\n"),
      with_fields("X-Empty:\r\nX-Tab: a\tb\r\nX-Text: caf\xc3\xa9\r\n"),
      with_fields("Connection: close ,, X-Private,\tTE\r\nConnection:\r\n"),
      with_fields("Authorization: DPoP a.b.c\r\nDPoP: x.y.z\r\n"),
  });
  for (const auto& head : heads) EXPECT_THAT(check_request_head(head), IsOk()) << head;
}

TEST(Gate, RefusesRequestsThatTwoParsersCouldReadDifferently) {
  struct Case {
    std::string name;
    std::string head;
  };
  const std::string nul(1, '\0');
  const auto cases = std::to_array<Case>({
      {"empty", ""},
      {"no end", "GET / HTTP/1.1\r\nHost: a\r\n"},
      {"bytes after the end", "GET / HTTP/1.1\r\nHost: a\r\n\r\nx"},
      {"leading empty line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"only an empty line", "\r\n\r\n"},
      {"bare LF as line end", "GET / HTTP/1.1\nHost: a\n\n"},
      {"bare LF in a value", with_fields("X: a\nContent-Length: 5\r\n")},
      {"bare CR in a value", with_fields("X: a\rb\r\n")},
      {"CR before CRLF", with_fields("X: a\r\r\n")},
      {"NUL in a value", with_fields("X: a" + nul + "b\r\n")},
      {"control in a value", with_fields("X: a\x01\r\n")},
      {"DEL in a value", with_fields("X: a\x7f\r\n")},
      {"folded line, space", with_fields("X: a\r\n b\r\n")},
      {"folded line, tab", with_fields("X: a\r\n\tb\r\n")},
      {"folded first line", "GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n"},
      {"space before the colon", with_fields("Content-Length : 5\r\n")},
      {"tab before the colon", with_fields("Content-Length\t: 5\r\n")},
      {"no colon", with_fields("Content-Length 5\r\n")},
      {"empty name", with_fields(": a\r\n")},
      {"name with a space", with_fields("X Y: a\r\n")},
      {"name with non-ASCII", with_fields("X\xc3\xa9: a\r\n")},
      {"name with brackets", with_fields("X[]: a\r\n")},
      {"missing Host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"},
      {"two Hosts", with_fields("Host: other\r\n")},
      {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"Host list", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {"two Content-Lengths", with_fields("Content-Length: 5\r\nContent-Length: 6\r\n")},
      {"two equal Content-Lengths", with_fields("Content-Length: 5\r\nContent-Length: 5\r\n")},
      {"Content-Length list", with_fields("Content-Length: 5, 5\r\n")},
      {"empty Content-Length", with_fields("Content-Length: \r\n")},
      {"signed Content-Length", with_fields("Content-Length: +5\r\n")},
      {"negative Content-Length", with_fields("Content-Length: -1\r\n")},
      {"hexadecimal Content-Length", with_fields("Content-Length: 0x5\r\n")},
      {"huge Content-Length", with_fields("Content-Length: 9999999999999999999\r\n")},
      {"CL.TE", with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
      {"TE.CL", with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
      {"TE.TE", with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n")},
      {"doubled chunked", with_fields("Transfer-Encoding: chunked, chunked\r\n")},
      {"two chunked fields",
       with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
      {"unknown encoding", with_fields("Transfer-Encoding: xchunked\r\n")},
      {"identity encoding", with_fields("Transfer-Encoding: identity\r\n")},
      {"gzip, chunked", with_fields("Transfer-Encoding: gzip, chunked\r\n")},
      {"encoding with vertical tab", with_fields("Transfer-Encoding: \x0b"
                                                 "chunked\r\n")},
      {"quoted encoding", with_fields("Transfer-Encoding: \"chunked\"\r\n")},
      {"Transfer-Encoding in HTTP/1.0",
       "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"Connection with a quote", with_fields("Connection: \"close\"\r\n")},
      {"Connection of two words", with_fields("Connection: close, keep alive\r\n")},
      {"Proxy-Connection that is no list", with_fields("Proxy-Connection: a;b\r\n")},
      {"other Expect", with_fields("Expect: 200-ok\r\n")},
      {"absolute target", "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"authority target", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"asterisk target", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target with a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target with a space", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target with a tab", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target with non-ASCII", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target with a backslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target with a quote", "GET /a\"b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"bad escape", "GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"bad escape in the query", "GET /a?b=%zz HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"method with a colon", "GE:T / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"empty method", " / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no version", "GET /\r\nHost: a\r\n\r\n"},
      {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
      {"HTTP/2.0", "PRI / HTTP/2.0\r\nHost: a\r\n\r\n"},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n"},
      {"space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
      {"two spaces", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
  });
  for (const auto& [name, head] : cases)
    EXPECT_THAT(check_request_head(head), RefusedWith(Code::k_request_malformed)) << name;
}

TEST(Gate, BoundsSizeAndNumberOfFields) {
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X: a\r\n";
  EXPECT_THAT(check_request_head(with_fields(fields)), IsOk());
  EXPECT_THAT(check_request_head(with_fields(fields + "X: a\r\n")),
              RefusedWith(Code::k_header_too_large));

  const HeadLimits limits{.max_bytes = 200};
  const std::string small = with_fields("X: a\r\n");
  const std::string exact = with_fields("X: " + std::string(201 - small.size(), 'a') + "\r\n");
  const std::string large = with_fields("X: " + std::string(202 - small.size(), 'a') + "\r\n");
  ASSERT_EQ(exact.size(), 200u);
  EXPECT_THAT(check_request_head(exact, limits), IsOk());
  EXPECT_THAT(check_request_head(large, limits), RefusedWith(Code::k_header_too_large));
}

TEST(Gate, FindsTheEndOfAHeaderSectionHoweverItArrives) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string all = head + "body\n";

  std::size_t searched = 0;
  for (std::size_t size = 0; size < head.size(); ++size) {
    EXPECT_THAT(find_head_end(all.substr(0, size), {}, searched), IsOkAndHolds(0u)) << size;
    searched = size;
  }
  EXPECT_THAT(find_head_end(all.substr(0, head.size()), {}, searched), IsOkAndHolds(head.size()));
  EXPECT_THAT(find_head_end(all), IsOkAndHolds(head.size()));
}

TEST(Gate, GivesUpEarlyOnWhatCanBecomeNoHeaderSection) {
  EXPECT_THAT(find_head_end("GET / HTTP/1.1\n"), RefusedWith(Code::k_request_malformed));
  EXPECT_THAT(find_head_end(std::string_view("\x16\x03\x01\x00", 4)),
              RefusedWith(Code::k_request_malformed));
  EXPECT_THAT(find_head_end("GET\rx"), RefusedWith(Code::k_request_malformed));
  EXPECT_THAT(find_head_end("GET\rx", {}, 4), RefusedWith(Code::k_request_malformed));
  EXPECT_THAT(find_head_end(std::string(300, 'a'), {.max_bytes = 300}),
              RefusedWith(Code::k_header_too_large));
  EXPECT_THAT(find_head_end(std::string(299, 'a'), {.max_bytes = 300}), IsOkAndHolds(0u));
}

TEST(Gate, JudgesResponsesByTheSameRules) {
  const auto good = std::to_array<std::string>({
      "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200\r\n\r\n",
      "HTTP/1.0 404 Not Found\r\n\r\n",
  });
  for (const auto& head : good) EXPECT_THAT(check_response_head(head), IsOk()) << head;

  const auto bad = std::to_array<std::string>({
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "HTTP/1.1 200 O\x01K\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 1\n\n",
  });
  for (const auto& head : bad)
    EXPECT_THAT(check_response_head(head), RefusedWith(Code::k_request_malformed)) << head;
}

TEST(Gate, LetsPathsThroughThatNobodyRewrites) {
  const auto paths = std::to_array<std::string_view>(
      {"/", "/a", "/a/", "/a/b.c", "/.well-known/jwks.json", "/a..b", "/...", "/a%20b", "/%C3%A9",
       "/agent%3Aid", "/a;v=1/b", "/100%25", "/a%3Bb", "/%F0%9F%94%91"});
  for (const auto path : paths) EXPECT_THAT(check_path(path), IsOk()) << path;
}

TEST(Gate, RefusesPathsThatAnUpstreamCouldRewrite) {
  const auto paths = std::to_array<std::string_view>(
      {"", "a", "//", "//a", "/a//b", "/a//", "/.", "/..", "/./a", "/../a", "/a/./b", "/a/../b",
       "/a/..", "/a/.", "/a%2fb", "/a%2Fb", "/%2e%2e/a", "/a/%2E", "/a/.%2e/b", "/a%5cb", "/a\\b",
       "/a%00", "/a%0d%0a", "/a%7f", "/%61dmin", "/a%2", "/a%", "/a%zz", "/a%252f", "/a%252e",
       "/..;/admin", "/.;x=1/a", "/a/;/b", "/;", "/..%3B/a", "/.%3bx/a", "/a/%3B/b", "/..%3Bx;y",
       // no UTF-8: overlong forms of '.' and '/', a surrogate, a lone and a cut off byte
       "/%c0%ae%c0%ae/a", "/a%c0%af", "/%e0%80%af", "/%ed%a0%80", "/a%ff", "/%80", "/%c3"});
  for (const auto path : paths)
    EXPECT_THAT(check_path(path), RefusedWith(Code::k_request_malformed)) << path;
}

TEST(Gate, JudgesATargetAloneAsInARequestLine) {
  for (const std::string_view target : {"/", "/a?b=c&&d", "/a%20b?%61", "/a?b=[c]"}) {
    EXPECT_THAT(check_target(target), IsOk()) << target;
  }
  for (const std::string_view target :
       {"", "a", "*", "http://a/b", "/a b", "/a#b", "/a%", "/\xc3"}) {
    EXPECT_THAT(check_target(target), RefusedWith(Code::k_request_malformed)) << target;
  }
}

TEST(Gate, KnowsFieldsThatReplaceWhatWasJudged) {
  for (const std::string_view name :
       {"X-Original-URL", "x_original_uri", "X-Rewrite-Url", "X.HTTP.Method.Override",
        "X-HTTP-Method", "x-method-override"}) {
    EXPECT_TRUE(is_override_field(name)) << name;
  }
  for (const std::string_view name : {"X-Originals", "X-Original", "Forwarded", "X-Real-IP"}) {
    EXPECT_FALSE(is_override_field(name)) << name;
  }
}

TEST(Gate, KnowsTokensAndFieldValues) {
  EXPECT_TRUE(is_token("X-Agent_Sub"));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
  EXPECT_TRUE(is_field_value(""));
  EXPECT_TRUE(is_field_value("a b"));
  EXPECT_FALSE(is_field_value("a\r\nSet-Cookie: x"));
  EXPECT_FALSE(is_field_value("a\nb"));
  EXPECT_FALSE(is_field_value(" a"));
  EXPECT_FALSE(is_field_value(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace ajwt::http
