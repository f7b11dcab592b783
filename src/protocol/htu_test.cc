// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "protocol/proof.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

struct Spelling {
  const char* uri;
  const char* normalized;
};

TEST(Htu, HasOneFormForTheSpellingsOfOneUri) {
  constexpr auto kSpellings = std::to_array<Spelling>({
      {"https://server.example.com/token", "https://server.example.com/token"},
      {"HTTPS://Server.EXAMPLE.com/token", "https://server.example.com/token"},
      {"https://server.example.com:443/token", "https://server.example.com/token"},
      {"http://server.example.com:80/token", "http://server.example.com/token"},
      {"http://server.example.com:443/token", "http://server.example.com:443/token"},
      {"https://server.example.com:/token", "https://server.example.com/token"},
      {"https://server.example.com", "https://server.example.com/"},
      {"https://server.example.com?x=1", "https://server.example.com/"},
      {"https://server.example.com/token?x=1#f", "https://server.example.com/token"},
      {"https://server.example.com/token#?", "https://server.example.com/token"},
      {"https://server.example.com/%7euser/%41%2d", "https://server.example.com/~user/A-"},
      {"https://server.example.com/a%2fb%c3%a9", "https://server.example.com/a%2Fb%C3%A9"},
      {"https://server.example.com/A/../b/./c", "https://server.example.com/A/../b/./c"},
      {"http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"},
      {"http://127.0.0.1:8402/api", "http://127.0.0.1:8402/api"},
  });
  for (const Spelling& spelling : kSpellings) {
    EXPECT_THAT(normalize_htu(spelling.uri), IsOkAndHolds(std::string(spelling.normalized)));
  }
}

TEST(Htu, KeepsItsForm) {
  for (const char* uri : {"https://a.example/%2F%25", "http://[::1]:1/~x", "https://a.example/"}) {
    EXPECT_THAT(normalize_htu(uri), IsOkAndHolds(std::string(uri)));
  }
}

TEST(Htu, ThatIsNoAbsoluteHttpUriIsRefused) {
  for (const char* uri : {"", "/token", "server.example.com/token", "ftp://server.example.com/",
                          "https://u@server.example.com/", "https://server.example.com/%",
                          "https://server.example.com/\x01", "https:///token"}) {
    EXPECT_THAT(normalize_htu(uri), RefusedWith(Code::k_proof_uri_mismatch)) << uri;
  }
}

}  // namespace
}  // namespace ajwt
