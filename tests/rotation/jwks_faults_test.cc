// SPDX-License-Identifier: Apache-2.0
//
// JwksSource before a server that answers wrongly: what comes over the wire is taken or refused as
// a whole, for the reason that is named, and good tokens stay good meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "crypto/key.h"
#include "http/client.h"
#include "http/jwks_source.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "json/write.h"
#include "protocol/access_token.h"
#include "tests/rotation/played_authority.h"
#include "tests/support/guarded_request.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

using std::chrono::milliseconds;
using testing::answer_with;
using testing::intent_claims;
using testing::key_of;
using testing::keys_of;
using testing::kNow;
using testing::PlayedAuthority;
using testing::sign_token;

constexpr milliseconds kEnough{20'000};

class SetClock final : public Clock {
 public:
  Instant now() const override { return kNow + Seconds(seconds_); }
  milliseconds elapsed() const override { return Seconds(1000 + seconds_ - jumped_); }
  void advance(long long seconds) { seconds_ += seconds; }
  void jump(long long seconds) {
    jumped_ += seconds;
    seconds_ += seconds;
  }

 private:
  std::atomic<long long> seconds_{0};
  std::atomic<long long> jumped_{0};
};

std::string write_set(const std::vector<crypto::PrivateKey>& keys) {
  return json::write(jose::write_jwks(*keys_of(keys)));
}

json::Object jwk_of(const crypto::PrivateKey& key) {
  return jose::write_jwks(*keys_of({key})).find("keys")->as_array().front().as_object();
}

std::string set_of(const std::vector<json::Object>& jwks) {
  json::Array keys;
  for (const auto& jwk : jwks) keys.emplace_back(jwk);
  return json::write(json::Object{{"keys", std::move(keys)}});
}

json::Object changed(json::Object jwk, std::string_view member, json::Value value) {
  jwk.set(std::string(member), std::move(value));
  return jwk;
}

class JwksFaults : public ::testing::Test {
 protected:
  JwksFaults() {
    source.start();
    source.refresh_for_unknown_kid(kEnough);
    EXPECT_NE(source.keys(), nullptr);
  }

  // fetch lets the source fetch now, whatever the interval.
  void fetch() {
    clock.advance(5);
    source.refresh_for_unknown_kid(kEnough);
  }
  // A token that a key of the authority's signed, judged as a guard judges it.
  std::string judged(const crypto::PrivateKey& signer) { return judged_as(signer, signer); }
  // judged_as: under the name of another key.
  std::string judged_as(const crypto::PrivateKey& signer, const crypto::PrivateKey& named) {
    const auto keys = source.keys();
    if (keys == nullptr) return "keys_unavailable";
    const auto token =
        issue_access_token(intent_claims(key_of(2)), signer, jose::thumbprint(named.public_key()));
    const TokenRules rules{.issuer = testing::kIssuer,
                           .audience = testing::kAudience,
                           .algorithms = jose::AlgorithmSet::all(),
                           .skew = Seconds(60)};
    const auto verified = verify_access_token(*token, rules, *keys, kNow);
    return verified ? "ok" : std::string(verified.error().reason().name);
  }
  std::string last_error() {
    const auto error = source.last_error();
    return error ? std::string(error->reason().name) : "";
  }

  const crypto::PrivateKey first = key_of(1);
  const crypto::PrivateKey second = key_of(3);
  const crypto::PrivateKey foreign = key_of(4);
  PlayedAuthority authority{answer_with(write_set({first}))};
  SetClock clock;
  http::CurlClient client;
  http::JwksSource source{{.url = authority.url(), .timeout = Seconds(2)}, client, clock};
};

TEST_F(JwksFaults, ARotatingAuthorityIsFollowedThroughEveryState) {
  const auto publish = [this](const std::vector<crypto::PrivateKey>& keys) {
    authority.play(answer_with(write_set(keys)));
    fetch();
    EXPECT_EQ(last_error(), "");
  };
  publish({first, second});
  EXPECT_EQ(judged(first), "ok");
  EXPECT_EQ(judged(second), "ok") << "announced";
  publish({second, first});
  EXPECT_EQ(judged(first), "ok") << "retiring";
  publish({second});
  EXPECT_EQ(judged(first), "key_unknown");
  EXPECT_EQ(judged(second), "ok");
}

// A lie is an answer that no authority in its senses gives.
struct Lie {
  std::string name;
  PlayedAuthority::Play answer;
  std::string reason;
};

TEST_F(JwksFaults, ALieIsRefusedAsAWholeAndGoodTokensStayGood) {
  const json::Object good = jwk_of(first);
  const std::string kid = good.find("kid")->as_string();
  const json::Object other = jwk_of(foreign);
  std::vector<json::Object> crowd;
  for (int i = 0; i < 10'000; ++i) {
    crowd.push_back(json::Object{{"kty", "OKP"}, {"kid", std::to_string(i)}});
  }
  std::vector<json::Object> crowd_that_fits(crowd.begin(), crowd.begin() + 65);
  const json::Object private_part =
      changed(other, "d", jose::encode_base64url(std::string(32, 'd')));
  const json::Object symmetric{
      {"kty", "oct"}, {"kid", kid}, {"k", jose::encode_base64url(std::string(32, 'k'))}};
  const json::Object tiny_rsa{{"kty", "RSA"},
                              {"kid", "tiny"},
                              {"n", jose::encode_base64url(std::string(128, '\xC1'))},
                              {"e", "AQAB"}};
  const std::string html = "<html><body>Sign in to the network</body></html>";
  const std::vector<Lie> lies{
      {"another key under the same kid", answer_with(set_of({changed(other, "kid", kid)})),
       "jwks_malformed"},
      {"the same, beside a new key",
       answer_with(set_of({changed(other, "kid", kid), jwk_of(second)})), "jwks_malformed"},
      {"a key with its private part", answer_with(set_of({good, private_part})), "jwks_malformed"},
      {"a symmetric key", answer_with(set_of({good, other, symmetric})), "jwks_malformed"},
      {"two keys with one kid",
       answer_with(set_of({other, changed(jwk_of(second), "kid", *other.find("kid"))})),
       "jwks_malformed"},
      {"the same key twice", answer_with(set_of({other, other})), "jwks_malformed"},
      {"no key", answer_with(R"({"keys":[]})"), "jwks_malformed"},
      {"only a weak key", answer_with(set_of({tiny_rsa})), "jwks_malformed"},
      {"only a key for no algorithm", answer_with(set_of({changed(other, "alg", "none")})),
       "jwks_malformed"},
      {"only a key for a symmetric algorithm",
       answer_with(set_of({changed(other, "alg", "HS256")})), "jwks_malformed"},
      {"only a key for encryption", answer_with(set_of({changed(other, "use", "enc")})),
       "jwks_malformed"},
      {"65 keys", answer_with(set_of(crowd_that_fits)), "jwks_malformed"},
      {"10,000 keys", answer_with(set_of(crowd)), "limit_exceeded"},
      {"10 MB", answer_with(std::string(10'000'000, ' ')), "limit_exceeded"},
      {"a page", answer_with(html, "200 OK", "Content-Type: text/html\r\n"),
       "content_type_refused"},
      {"a page that says it is JSON", answer_with(html), "json_malformed"},
      {"keys that say they are text",
       answer_with(write_set({foreign}), "200 OK", "Content-Type: text/plain\r\n"),
       "content_type_refused"},
      {"keys with two types",
       answer_with(write_set({foreign}), "200 OK",
                   "Content-Type: application/json\r\nContent-Type: text/html\r\n"),
       "content_type_refused"},
      {"a member twice", answer_with(R"({"keys":[],"keys":[]})"), "json_duplicate_name"},
      {"half of it",
       [](PlayedAuthority::Peer& peer) {
         peer.write(
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
             "Content-Length: 1000\r\n\r\n{\"keys\":[");
       },
       "network_failed"},
      {"no HTTP", [](PlayedAuthority::Peer& peer) { peer.write("220 mail.example ESMTP\r\n"); },
       "network_failed"},
      {"not found", answer_with(write_set({foreign}), "404 Not Found"), "keys_unavailable"},
      {"not modified", answer_with("", "304 Not Modified"), "keys_unavailable"},
  };
  for (const auto& [name, answer, reason] : lies) {
    SCOPED_TRACE(name);
    const auto before = source.keys();
    authority.play(answer);
    fetch();
    EXPECT_EQ(last_error(), reason);
    EXPECT_EQ(source.keys(), before) << "nothing of it is taken";
    EXPECT_EQ(judged(first), "ok");
    EXPECT_EQ(judged(second), "key_unknown");
    EXPECT_EQ(judged(foreign), "key_unknown");
    EXPECT_EQ(judged_as(foreign, first), "jws_signature_invalid");
    authority.play(answer_with(write_set({first})));
    fetch();
    EXPECT_EQ(last_error(), "");
  }
}

TEST_F(JwksFaults, AKeyThatCannotBeUsedIsLeftOutAndUsedByNobody) {
  // RFC 7517 5: an authority may publish keys of kinds that we do not know.
  const json::Object tiny_rsa{{"kty", "RSA"},
                              {"kid", "tiny"},
                              {"n", jose::encode_base64url(std::string(128, '\xC1'))},
                              {"e", "AQAB"}};
  authority.play(
      answer_with(set_of({jwk_of(first), tiny_rsa, changed(jwk_of(foreign), "alg", "none")})));
  fetch();
  EXPECT_EQ(last_error(), "");
  EXPECT_EQ(source.keys()->keys().size(), 1U);
  EXPECT_EQ(judged(first), "ok");
  EXPECT_EQ(judged(foreign), "key_unknown");
}

TEST_F(JwksFaults, ARedirectIsNotFollowed) {
  PlayedAuthority elsewhere(answer_with(write_set({foreign})));
  for (const std::string_view status : {"301 Moved Permanently", "302 Found", "303 See Other",
                                        "307 Temporary Redirect", "308 Permanent Redirect"}) {
    authority.play(answer_with("", status, "Location: " + elsewhere.url() + "\r\n"));
    fetch();
    EXPECT_EQ(last_error(), "keys_unavailable") << status;
  }
  EXPECT_EQ(elsewhere.fetches(), 0);
  EXPECT_EQ(judged(first), "ok");
  EXPECT_EQ(judged(foreign), "key_unknown");
}

TEST_F(JwksFaults, OtherKeysAltogetherAreTakenForThatIsARevocation) {
  authority.play(answer_with(write_set({second})));
  fetch();
  EXPECT_EQ(last_error(), "");
  EXPECT_EQ(judged(first), "key_unknown");
  EXPECT_EQ(judged(second), "ok");
}

TEST_F(JwksFaults, WhatIsSlowOrDeadCostsOneFetchAndNoGoodToken) {
  const std::vector<Lie> deaths{
      {"silence", [](PlayedAuthority::Peer& peer) { peer.hold(); }, "network_failed"},
      {"a byte now and then",
       [](PlayedAuthority::Peer& peer) {
         peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
         do {
           peer.write(" ");
         } while (peer.pause(milliseconds(100)));
       },
       "network_failed"},
      {"an endless header",
       [](PlayedAuthority::Peer& peer) {
         peer.write("HTTP/1.1 200 OK\r\n");
         for (int i = 0; i < 10'000; ++i) peer.write("X-More: " + std::string(1000, 'x') + "\r\n");
       },
       "limit_exceeded"},
      {"a reset", [](PlayedAuthority::Peer& peer) { peer.reset(); }, "network_failed"},
      {"a goodbye", [](PlayedAuthority::Peer&) {}, "network_failed"},
  };
  for (const auto& [name, answer, reason] : deaths) {
    SCOPED_TRACE(name);
    authority.play(answer);
    const int before = authority.fetches();
    fetch();
    EXPECT_EQ(last_error(), reason);
    EXPECT_EQ(judged(first), "ok");
    // The client may ask once more on a connection that it thought was open.
    EXPECT_LE(authority.fetches(), before + 2);
    const int after = authority.fetches();
    for (int i = 0; i < 1000; ++i) source.refresh_for_unknown_kid(kEnough);
    EXPECT_EQ(authority.fetches(), after) << "made-up kids cost nothing within the interval";
    authority.release();
    authority.play(answer_with(write_set({first})));
    fetch();
    EXPECT_EQ(last_error(), "") << "back after one interval";
  }
}

TEST_F(JwksFaults, ADoorThatIsClosedOpensAgain) {
  authority.close_door();
  fetch();
  EXPECT_EQ(last_error(), "network_failed");
  EXPECT_EQ(judged(first), "ok");
  clock.advance(3600 - 10);
  EXPECT_EQ(judged(first), "ok");
  clock.advance(6);
  EXPECT_EQ(judged(first), "keys_unavailable") << "too old to be believed";
  authority.open_door();
  fetch();
  EXPECT_EQ(judged(first), "ok");
}

TEST_F(JwksFaults, AfterAnOutageWithoutRequestsKeysAreBackWithinHalfAMinute) {
  authority.close_door();
  // Long enough for the time between attempts to have grown as far as it does.
  for (int i = 0; i < 10; ++i) {
    clock.advance(30);
    fetch();
  }
  ASSERT_EQ(last_error(), "network_failed");
  const int before = authority.fetches();
  authority.open_door();
  clock.advance(30);
  const auto until = std::chrono::steady_clock::now() + kEnough;
  while (!last_error().empty() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(last_error(), "");
  EXPECT_GT(authority.fetches(), before);
}

TEST_F(JwksFaults, TheAnswerMayAskForAnEarlierFetchButNotForALaterOne) {
  struct Case {
    std::string_view header;
    long long fetched_again_after;
  };
  const std::vector<Case> cases{
      {"Cache-Control: public, max-age=60\r\n", 60},
      {"Cache-Control: max-age=999999999\r\n", 300},
      {"Cache-Control: max-age=99999999999999999999\r\n", 300},
      {"Cache-Control: max-age=-1\r\n", 300},
      {"Cache-Control: immutable\r\n", 300},
      {"Expires: Thu, 01 Jan 2099 00:00:00 GMT\r\n", 300},
      {"Cache-Control: max-age=0\r\n", 5},
      {"Cache-Control: no-store\r\n", 5},
      {"Cache-Control: max-age=200\r\nCache-Control: Max-Age=100 , private\r\n", 100},
      {"", 300},
  };
  clock.advance(-1'000'000);  // so that the fixture's own source has nothing to fetch
  for (const auto& [header, seconds] : cases) {
    SCOPED_TRACE(header);
    authority.play(answer_with(write_set({first}), "200 OK",
                               "Content-Type: application/json\r\n" + std::string(header)));
    http::JwksSource another({.url = authority.url()}, client, clock);
    another.start();
    ASSERT_NE(another.refresh_for_unknown_kid(kEnough), nullptr);
    const int before = authority.fetches();
    clock.advance(seconds - 1);
    std::this_thread::sleep_for(milliseconds(300));  // longer than the thread's look at the clock
    EXPECT_EQ(authority.fetches(), before);
    clock.advance(1);
    const auto until = std::chrono::steady_clock::now() + kEnough;
    while (authority.finished() == before && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_EQ(authority.fetches(), before + 1);
  }
}

TEST_F(JwksFaults, SettingTheClockNeitherAgesKeysNorStopsFetching) {
  clock.jump(30 * 86400);
  EXPECT_EQ(judged(first), "ok");
  clock.jump(-60 * 86400);
  authority.play(answer_with(write_set({first, second})));
  clock.advance(300);
  const auto until = std::chrono::steady_clock::now() + kEnough;
  while (judged(second) != "ok" && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(judged(second), "ok");
}

}  // namespace
}  // namespace ajwt
