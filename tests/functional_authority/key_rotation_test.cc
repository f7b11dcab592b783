// SPDX-License-Identifier: Apache-2.0
//
// The life of a signing key, from its announcement to the removal of its file: what is published,
// what signs, and what becomes of tokens, by the clock, across restarts and in spite of a store
// that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "authority/keys/key_ring.h"
#include "files/scratch_directory.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "json/parse.h"
#include "protocol/names.h"
#include "store/sqlite_store.h"
#include "tests/support/authority_fixture.h"
#include "tests/support/expect_reason.h"
#include "tests/support/matchers.h"
#include "tests/support/observed_store.h"

namespace ajwt {
namespace {

using authority::AuthorityOptions;
using authority::SigningKeyState;
using testing::AuthorityFixture;
using testing::body_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::expect_reason;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ObservedStore;
using ::testing::SizeIs;
using testing::TestToken;
using testing::text_of;

constexpr Seconds kAnnounce{1200};
constexpr Seconds kOverlap{3600};

AuthorityOptions rotation_options(Seconds lifetime) {
  auto options = AuthorityFixture::default_options();
  options.key_announce = kAnnounce;
  options.key_overlap = kOverlap;
  options.signing_key_lifetime = lifetime;
  return options;
}

class KeyRotation : public ::testing::Test {
 protected:
  explicit KeyRotation(Seconds lifetime = Seconds(0))
      : fixture(std::unique_ptr<authority::Store>(owned_), rotation_options(lifetime)) {}

  static std::unique_ptr<authority::Store> in_memory() {
    auto store = store::SqliteStore::open_in_memory();
    EXPECT_THAT(store, IsOk());
    return *std::move(store);
  }

  // Keys as guards fetch them: kids in the order of the answer.
  std::vector<std::string> published() {
    const auto answer = fixture.handle(AuthorityFixture::get("/.well-known/jwks.json"));
    std::vector<std::string> kids;
    const json::Object body = body_of(answer);
    for (const auto& key : body.find("keys")->as_array()) {
      kids.push_back(key.as_object().find("kid")->as_string());
    }
    return kids;
  }
  // Which key signs, by the tokens.
  std::string signer() {
    const std::string token = fixture.token(fixture.administrator(), "admin:keys").access_token;
    const auto header = jose::decode_base64url(token.substr(0, token.find('.')));
    return json::parse_object(as_text(*header))->find("kid")->as_string();
  }
  HttpResponse administer(std::string path, const json::Object& body = {}) {
    return fixture.call(fixture.token(fixture.administrator(), "admin:keys"), "POST",
                        "/admin/keys/" + std::move(path), body);
  }
  // "kid status" of each key, as administrators see them.
  std::vector<std::string> listed() {
    const auto answer =
        fixture.call(fixture.token(fixture.administrator(), "admin:keys"), "GET", "/admin/keys");
    std::vector<std::string> keys;
    const json::Object body = body_of(answer);
    for (const auto& key : body.find("keys")->as_array()) {
      keys.push_back(key.as_object().find("status")->as_string());
    }
    return keys;
  }
  // What the audit says of keys: "operation status", oldest first.
  std::vector<std::string> audited() {
    std::vector<std::string> entries;
    const auto leaves = store->list_audit(0, 1000, std::nullopt);
    for (const auto& leaf : *leaves) {
      const auto entry = json::parse_object(leaf.bytes);
      if (entry->find("kid") == nullptr || entry->find("status") == nullptr) continue;
      entries.push_back(entry->find("operation")->as_string() + " " +
                        entry->find("status")->as_string());
    }
    return entries;
  }
  bool has_file(const std::string& kid) { return store->load_signing_key(kid).has_value(); }
  void tick() { fixture.handle(AuthorityFixture::get("/health/live")); }

  ObservedStore* owned_ = new ObservedStore(in_memory());  // the fixture owns it
  AuthorityFixture fixture;
  ObservedStore* store = owned_;
};

class AgeingKeys : public KeyRotation {
 protected:
  AgeingKeys() : KeyRotation(Seconds(90 * 86400)) {}
};

// --- In order

TEST_F(KeyRotation, PublishesAKeyBeforeItSigns) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate").status, 201);

  ASSERT_THAT(published(), SizeIs(2));
  const std::string second = published()[1];
  EXPECT_EQ(published()[0], first);
  fixture.clock().advance(kAnnounce - Seconds(1));
  EXPECT_EQ(signer(), first) << "guards may not know the other one yet";
  EXPECT_THAT(listed(), ElementsAre("active", "announced"));

  fixture.clock().advance(Seconds(1));
  EXPECT_EQ(signer(), second);
  EXPECT_THAT(published(), ElementsAre(second, first));
  EXPECT_THAT(listed(), ElementsAre("active", "retiring"));
}

TEST_F(KeyRotation, LetsKeysBeCachedForAQuarterOfTheAnnouncement) {
  const auto max_age = [](Seconds announce) {
    auto options = rotation_options(Seconds(0));
    options.key_announce = announce;
    AuthorityFixture other(nullptr, options);
    return std::string(*other.handle(AuthorityFixture::get("/.well-known/jwks.json"))
                            .headers.find("Cache-Control"));
  };
  EXPECT_EQ(max_age(Seconds(1200)), "public, max-age=300");
  EXPECT_EQ(max_age(Seconds(86400)), "public, max-age=300");
  EXPECT_EQ(max_age(Seconds(20)), "public, max-age=5");
}

TEST_F(KeyRotation, PublishesTheOldKeyUntilItsLastTokenHasExpired) {
  auto options = rotation_options(Seconds(0));
  options.key_overlap = Seconds(0);
  options.intent_token_lifetime = Seconds(100);
  options.access_token_lifetime = Seconds(200);
  options.skew = Seconds(10);
  AuthorityFixture short_lived(nullptr, options);
  const auto count = [&] {
    const auto answer = short_lived.handle(AuthorityFixture::get("/.well-known/jwks.json"));
    return body_of(answer).find("keys")->as_array().size();
  };
  const TestToken last = short_lived.token(short_lived.administrator(), "admin:keys");
  ASSERT_EQ(short_lived.call(last, "POST", "/admin/keys/rotate", {{"now", true}}).status, 201);
  EXPECT_EQ(count(), 2U);
  short_lived.clock().advance(Seconds(199));
  EXPECT_EQ(short_lived.call(last, "GET", "/admin/keys").status, 200) << "an old key's token";
  // Clocks differ by the skew, and what begins while the change is written has the old key still.
  short_lived.clock().advance(Seconds(15));
  EXPECT_EQ(count(), 2U);
  short_lived.clock().advance(Seconds(1));
  EXPECT_EQ(count(), 1U);
}

TEST_F(KeyRotation, RemovesTheFileOfAKeyThatIsPublishedNoMore) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate", {{"now", true}}).status, 201);
  fixture.clock().advance(kOverlap - Seconds(1));
  tick();
  EXPECT_TRUE(has_file(first));
  fixture.clock().advance(Seconds(1));
  tick();
  EXPECT_FALSE(has_file(first));
  EXPECT_THAT(published(), Not(Contains(first)));
}

TEST_F(KeyRotation, WritesDownEveryChange) {
  ASSERT_EQ(administer("rotate").status, 201);
  fixture.clock().advance(kAnnounce);
  tick();
  fixture.clock().advance(kOverlap);
  tick();
  EXPECT_THAT(audited(), ElementsAre("create_signing_key announced", "create_signing_key active",
                                     "rotate_signing_key announced", "activate_signing_key active",
                                     "remove_signing_key removed"));
}

TEST_F(KeyRotation, AnnouncesOneKeyAtATime) {
  ASSERT_EQ(administer("rotate").status, 201);
  expect_reason(administer("rotate"), 409, "already_exists");
  EXPECT_THAT(published(), SizeIs(2));
}

TEST_F(KeyRotation, GoesOnWhileOlderKeysRetire) {
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_EQ(administer("rotate").status, 201);
    fixture.clock().advance(kAnnounce);
    tick();
  }
  // The first signed last 2 · 1200 s ago.
  EXPECT_THAT(listed(), ElementsAre("active", "retiring", "retiring", "retiring"));
  fixture.clock().advance(kOverlap - 2 * kAnnounce);
  EXPECT_THAT(listed(), ElementsAre("active", "retiring", "retiring"));
}

TEST_F(KeyRotation, RefusesMoreKeysThanGuardsTake) {
  for (std::size_t i = 1; i < authority::KeyRing::kMaxPublished; ++i) {
    ASSERT_EQ(administer("rotate", {{"now", true}}).status, 201);
  }
  expect_reason(administer("rotate", {{"now", true}}), 400, "limit_exceeded");
  expect_reason(administer("rotate"), 400, "limit_exceeded");
  const auto answer = fixture.handle(AuthorityFixture::get("/.well-known/jwks.json"));
  const auto keys = jose::parse_jwks(body_of(answer));
  ASSERT_THAT(keys, IsOk());
  EXPECT_EQ(keys->keys().size(), authority::KeyRing::kMaxPublished);
}

// --- By age

TEST_F(AgeingKeys, AreFollowedByOnesThatAreAnnouncedByThemselves) {
  const std::string first = signer();
  fixture.clock().advance(Seconds(90 * 86400 - 1));
  tick();
  EXPECT_THAT(published(), ElementsAre(first));
  fixture.clock().advance(Seconds(1));
  tick();
  ASSERT_THAT(published(), SizeIs(2));
  EXPECT_EQ(signer(), first);
  fixture.clock().advance(kAnnounce);
  EXPECT_NE(signer(), first);
  EXPECT_THAT(audited(), Contains("announce_signing_key announced"));
}

// --- At once

TEST_F(KeyRotation, LetsTheAnnouncedKeySignAtOnceWhenAsked) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate").status, 201);
  const std::string second = published()[1];
  ASSERT_EQ(administer("rotate", {{"now", true}}).status, 201);
  EXPECT_EQ(signer(), second);
  EXPECT_THAT(published(), ElementsAre(second, first));
}

TEST_F(KeyRotation, RevokesTheKeyThatSignsAndItsTokens) {
  const std::string first = signer();
  const TestToken old = fixture.token(fixture.administrator(), "admin:keys");
  ASSERT_EQ(administer(first + "/revoke").status, 200);

  expect_reason(fixture.call(old, "GET", "/admin/keys"), 401, "key_unknown");
  EXPECT_THAT(published(), SizeIs(1));
  EXPECT_NE(signer(), first);
  EXPECT_FALSE(has_file(first));
  expect_reason(administer(first + "/revoke"), 404, "not_found");
  EXPECT_EQ(audited().back(), "revoke_signing_key removed");
}

TEST_F(KeyRotation, RevokesKeysThatDoNotSign) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate", {{"now", true}}).status, 201);
  const std::string second = signer();
  ASSERT_EQ(administer("rotate").status, 201);
  const std::string third = published()[1];
  for (const auto& kid : {first, third}) {
    ASSERT_EQ(administer(kid + "/revoke").status, 200);
    EXPECT_FALSE(has_file(kid));
  }
  EXPECT_THAT(published(), ElementsAre(second));
  fixture.clock().advance(kAnnounce);
  EXPECT_EQ(signer(), second) << "a revoked announcement comes to nothing";
}

TEST_F(KeyRotation, TakesOnlyWhatItKnowsOfARotation) {
  expect_reason(administer("rotate", {{"now", "yes"}}), 400, "json_wrong_type");
  expect_reason(administer("rotate", {{"later", true}}), 400, "json_unknown_member");
  expect_reason(administer("nobody/revoke"), 404, "not_found");
  const TestToken apps = fixture.token(fixture.administrator(), "admin:apps");
  expect_reason(fixture.call(apps, "POST", "/admin/keys/" + published()[0] + "/revoke"), 403,
                "token_insufficient_scope");
}

// --- Clocks

TEST_F(KeyRotation, AClockSetForwardLetsNoKeySignThatGuardsHadNoTimeToFetch) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate").status, 201);
  fixture.clock().jump(Seconds(7 * 86400));
  EXPECT_EQ(signer(), first);
  fixture.clock().advance(kAnnounce);
  EXPECT_NE(signer(), first);
}

TEST_F(KeyRotation, AClockSetForwardTakesNoKeyAwayWhoseTokensLive) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate", {{"now", true}}).status, 201);
  fixture.clock().jump(Seconds(7 * 86400));
  EXPECT_THAT(published(), Contains(first));
  fixture.clock().advance(kOverlap);
  EXPECT_THAT(published(), Not(Contains(first)));
}

TEST_F(KeyRotation, AClockSetBackStopsNoAnnouncement) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate").status, 201);
  fixture.clock().jump(Seconds(-86400));
  fixture.clock().advance(kAnnounce);
  // Proofs of that day are refused until it is over again (protocol 6.1); keys are not.
  EXPECT_NE(published().front(), first);
}

TEST_F(KeyRotation, AClockSetBackKeepsTheOldKeyAsLongAsItSays) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate", {{"now", true}}).status, 201);
  fixture.clock().jump(Seconds(-100));
  fixture.clock().advance(kOverlap);
  EXPECT_THAT(published(), Contains(first)) << "its last token expires by the clock";
  fixture.clock().advance(Seconds(100));
  EXPECT_THAT(published(), Not(Contains(first)));
}

// --- Restarts and failures

TEST_F(KeyRotation, AnnouncesAgainAfterARestart) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate").status, 201);
  fixture.clock().advance(kAnnounce);  // while nobody could fetch
  fixture.restart();
  EXPECT_EQ(signer(), first);
  fixture.clock().advance(kAnnounce - Seconds(1));
  EXPECT_EQ(signer(), first);
  fixture.clock().advance(Seconds(1));
  EXPECT_NE(signer(), first);
}

TEST_F(KeyRotation, GivesUpAnAnnouncedKeyWhoseFileIsGone) {
  // What a process leaves behind that was killed between the file's removal and the row's.
  const auto scratch = files::ScratchDirectory::create();
  ASSERT_THAT(scratch, IsOk());
  const std::string directory = (*scratch)->path() + "/data";
  auto opened = store::SqliteStore::open({.directory = directory});
  ASSERT_THAT(opened, IsOk());
  AuthorityFixture on_disk(*std::move(opened), rotation_options(Seconds(0)));
  const auto rotate = [&] {
    return on_disk.call(on_disk.token(on_disk.administrator(), "admin:keys"), "POST",
                        "/admin/keys/rotate");
  };
  ASSERT_EQ(rotate().status, 201);
  const std::string announced = on_disk.store().list_signing_keys()->at(1).kid;
  ASSERT_TRUE(std::filesystem::remove(directory + "/keys/" + announced + ".pem"));

  on_disk.restart();

  ASSERT_THAT(*on_disk.store().list_signing_keys(), SizeIs(1));
  EXPECT_EQ(rotate().status, 201) << "another one can be announced";
}

TEST_F(KeyRotation, PublishesNoRetiredKeyWhateverTheStoreDoes) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate", {{"now", true}}).status, 201);
  fixture.clock().advance(kOverlap);
  store->break_down();
  EXPECT_THAT(published(), Not(Contains(first)));
  EXPECT_THAT(published(), Not(Contains(first)));
  store->repair();
  EXPECT_TRUE(has_file(first));
  fixture.clock().advance(Seconds(1));
  tick();
  EXPECT_FALSE(has_file(first));
}

TEST_F(KeyRotation, SignsOnWithTheOldKeyWhileTheStoreFailsAndSaysSoOnceASecond) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate").status, 201);
  fixture.clock().advance(kAnnounce);
  (void)store->take_calls();
  store->break_down();
  for (int i = 0; i < 100; ++i) EXPECT_THAT(published(), SizeIs(2));
  EXPECT_THAT(store->take_calls(), ElementsAre("activate_signing_key"));
  const auto& told = fixture.decisions();
  EXPECT_EQ(told.count("advance_signing_keys", Code::k_store_unavailable), 1U);
  store->repair();
  EXPECT_EQ(signer(), first);
  fixture.clock().advance(Seconds(1));
  EXPECT_NE(signer(), first);
}

TEST_F(KeyRotation, RevokesInMemoryEvenIfTheStoreFails) {
  const std::string first = signer();
  ASSERT_EQ(administer("rotate", {{"now", true}}).status, 201);
  const TestToken keys = fixture.token(fixture.administrator(), "admin:keys");
  store->before_next("remove_signing_key", [this] { store->break_down(); });
  expect_reason(fixture.call(keys, "POST", "/admin/keys/" + first + "/revoke"), 503,
                "store_unavailable");
  EXPECT_THAT(published(), Not(Contains(first)));
  store->repair();
  fixture.clock().advance(Seconds(1));
  tick();
  EXPECT_FALSE(has_file(first));
}

TEST_F(KeyRotation, ActivatesOnceHoweverManyRequestsSeeThatItIsTime) {
  ASSERT_EQ(administer("rotate").status, 201);
  const std::string second = published()[1];
  fixture.clock().advance(kAnnounce);
  (void)store->take_calls();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 20; ++j) tick();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(store->take_calls(), ElementsAre("activate_signing_key"));
  EXPECT_EQ(signer(), second);
}

}  // namespace
}  // namespace ajwt
