// SPDX-License-Identifier: Apache-2.0
#include "jose/jwk.h"
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

using ::testing::IsEmpty;
using ::testing::Optional;

class SigningKeyStoreContract : public StoreContract {
 protected:
  static std::string kid(std::size_t which) {
    return jose::thumbprint(some_key(which).public_key());
  }
  Status announce(std::size_t which, Instant now = kNow) {
    return store_->announce_signing_key(some_key(which), now, make_audit(app()));
  }
  Status activate(std::size_t which, Instant retire_previous_at = kNow) {
    return store_->activate_signing_key(kid(which), retire_previous_at, make_audit(app()));
  }
  Status remove(std::size_t which) {
    return store_->remove_signing_key(kid(which), make_audit(app()));
  }
  // sign_with announces a key and lets it sign.
  void sign_with(std::size_t which, Instant retire_previous_at = kNow) {
    ASSERT_THAT(announce(which), IsOk());
    ASSERT_THAT(activate(which, retire_previous_at), IsOk());
  }
  std::size_t entries() { return store_->list_audit(0, 1000, app())->size(); }
  std::vector<SigningKey> listed() {
    auto keys = store_->list_signing_keys();
    EXPECT_THAT(keys, IsOk());
    return keys ? *std::move(keys) : std::vector<SigningKey>();
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, SigningKeyStoreContract, ::testing::ValuesIn(store_adapters()),
                         adapter_name);

TEST_P(SigningKeyStoreContract, HasNoKeyAtFirst) { EXPECT_THAT(listed(), IsEmpty()); }

TEST_P(SigningKeyStoreContract, ReturnsAKeyWithItsPrivatePart) {
  sign_with(0);
  ASSERT_THAT(announce(1), IsOk());
  for (const std::size_t which : {0U, 1U}) {
    const auto loaded = store_->load_signing_key(kid(which));
    ASSERT_THAT(loaded, IsOk());
    EXPECT_EQ(loaded->public_key(), some_key(which).public_key());
  }
}

TEST_P(SigningKeyStoreContract, AnnouncesAKeyBesideTheOneThatSigns) {
  sign_with(0);
  ASSERT_THAT(announce(1, kNow + Seconds(1)), IsOk());

  const std::vector<SigningKey> keys = listed();

  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].kid, kid(0));
  EXPECT_EQ(keys[0].state, SigningKeyState::kActive);
  EXPECT_EQ(keys[1].kid, kid(1));
  EXPECT_EQ(keys[1].public_key, some_key(1).public_key());
  EXPECT_EQ(keys[1].state, SigningKeyState::kAnnounced);
  EXPECT_EQ(keys[1].created_at, kNow + Seconds(1));
  EXPECT_EQ(keys[1].retire_at, std::nullopt);
}

TEST_P(SigningKeyStoreContract, MakesTheAnnouncedKeyActiveAndLetsTheOneBeforeRetire) {
  sign_with(0);
  ASSERT_THAT(announce(1, kNow + Seconds(1)), IsOk());
  ASSERT_THAT(activate(1, kNow + Seconds(100)), IsOk());

  const std::vector<SigningKey> keys = listed();

  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].kid, kid(1));
  EXPECT_EQ(keys[0].public_key, some_key(1).public_key());
  EXPECT_EQ(keys[0].state, SigningKeyState::kActive);
  EXPECT_EQ(keys[0].created_at, kNow + Seconds(1));
  EXPECT_EQ(keys[0].retire_at, std::nullopt);
  EXPECT_EQ(keys[1].kid, kid(0));
  EXPECT_EQ(keys[1].state, SigningKeyState::kRetiring);
  EXPECT_THAT(keys[1].retire_at, Optional(kNow + Seconds(100)));
}

TEST_P(SigningKeyStoreContract, KeepsTheTimeOfAKeyThatRetiresAlready) {
  sign_with(0);
  sign_with(2, kNow + Seconds(100));
  sign_with(3, kNow + Seconds(200));

  for (const SigningKey& key : listed()) {
    if (key.kid == kid(0)) {
      EXPECT_THAT(key.retire_at, Optional(kNow + Seconds(100)));
    }
  }
}

TEST_P(SigningKeyStoreContract, AnnouncesOneKeyAtATime) {
  sign_with(0);
  ASSERT_THAT(announce(1), IsOk());

  EXPECT_THAT(announce(2), RefusedWith(Code::k_already_exists));

  EXPECT_EQ(listed().size(), 2U);
  EXPECT_THAT(store_->load_signing_key(kid(1)), IsOk());
  EXPECT_THAT(store_->load_signing_key(kid(2)), RefusedWith(Code::k_io_failed))
      << "what nobody will use is not left on the disk";
}

TEST_P(SigningKeyStoreContract, RefusesAKeyTwiceAndChangesNothing) {
  sign_with(0);
  sign_with(1, kNow + Seconds(100));
  ASSERT_THAT(announce(2), IsOk());
  const std::size_t before = entries();

  for (const std::size_t which : {0U, 1U, 2U}) {
    EXPECT_THAT(announce(which), RefusedWith(Code::k_already_exists));
    EXPECT_THAT(store_->load_signing_key(kid(which)), IsOk());
  }

  EXPECT_EQ(listed()[0].kid, kid(1));
  EXPECT_EQ(listed()[0].state, SigningKeyState::kActive);
  EXPECT_EQ(entries(), before);
}

TEST_P(SigningKeyStoreContract, MakesNothingActiveThatIsNotAnnounced) {
  sign_with(0);
  ASSERT_THAT(announce(1), IsOk());
  for (const std::size_t which : {0U, 2U}) {
    EXPECT_THAT(activate(which), RefusedWith(Code::k_state_changed));
  }
  ASSERT_THAT(activate(1, kNow + Seconds(100)), IsOk());
  EXPECT_THAT(activate(1), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(activate(0), RefusedWith(Code::k_state_changed)) << "no key comes back";
  EXPECT_EQ(listed()[0].kid, kid(1));
}

TEST_P(SigningKeyStoreContract, RemovesAKeyAndItsFile) {
  sign_with(0);
  sign_with(1, kNow + Seconds(100));
  ASSERT_THAT(announce(2), IsOk());
  for (const std::size_t which : {0U, 2U}) {
    ASSERT_THAT(remove(which), IsOk());
    EXPECT_THAT(store_->load_signing_key(kid(which)), RefusedWith(Code::k_io_failed));
    EXPECT_THAT(remove(which), RefusedWith(Code::k_not_found));
  }
  ASSERT_EQ(listed().size(), 1U);
  EXPECT_EQ(listed()[0].kid, kid(1));
}

TEST_P(SigningKeyStoreContract, NeverRemovesTheKeyThatSigns) {
  sign_with(0);
  EXPECT_THAT(remove(0), RefusedWith(Code::k_state_changed));
  EXPECT_EQ(listed().size(), 1U);
  EXPECT_THAT(store_->load_signing_key(kid(0)), IsOk());
}

TEST_P(SigningKeyStoreContract, WritesAnEntryForEachChange) {
  const std::size_t before = entries();
  sign_with(0);
  sign_with(1);
  ASSERT_THAT(remove(0), IsOk());
  EXPECT_EQ(entries(), before + 5);
}

TEST_P(SigningKeyStoreContract, RefusesAKeyThatIsNotThere) {
  EXPECT_THAT(store_->load_signing_key("none"), RefusedWith(Code::k_io_failed));
  EXPECT_THAT(store_->load_signing_key(""), RefusedWith(Code::k_io_failed));
  EXPECT_THAT(store_->load_signing_key("../ajwt"), RefusedWith(Code::k_io_failed));
}

}  // namespace

}  // namespace ajwt::authority
