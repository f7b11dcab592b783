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
  Status add(std::size_t which, Instant now, Instant retire_previous_at) {
    return store_->add_signing_key(some_key(which), now, retire_previous_at, make_audit(app()));
  }
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
  for (const std::size_t which : {0U, 1U}) {
    ASSERT_THAT(add(which, kNow, kNow), IsOk());
    const auto loaded = store_->load_signing_key(kid(which));
    ASSERT_THAT(loaded, IsOk());
    EXPECT_EQ(loaded->public_key(), some_key(which).public_key());
  }
}

TEST_P(SigningKeyStoreContract, MakesTheNewKeyActiveAndLetsTheOneBeforeRetire) {
  ASSERT_THAT(add(0, kNow, kNow), IsOk());
  ASSERT_THAT(add(1, kNow + Seconds(1), kNow + Seconds(100)), IsOk());

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
  ASSERT_THAT(add(0, kNow, kNow), IsOk());
  ASSERT_THAT(add(2, kNow, kNow + Seconds(100)), IsOk());
  ASSERT_THAT(add(3, kNow, kNow + Seconds(200)), IsOk());

  for (const SigningKey& key : listed()) {
    if (key.kid == kid(0)) {
      EXPECT_THAT(key.retire_at, Optional(kNow + Seconds(100)));
    }
  }
}

TEST_P(SigningKeyStoreContract, RefusesAKeyTwiceAndChangesNothing) {
  ASSERT_THAT(add(0, kNow, kNow), IsOk());
  ASSERT_THAT(add(1, kNow, kNow + Seconds(100)), IsOk());

  EXPECT_THAT(add(0, kNow, kNow), RefusedWith(Code::k_already_exists));
  EXPECT_THAT(add(1, kNow, kNow), RefusedWith(Code::k_already_exists));

  EXPECT_EQ(listed()[0].kid, kid(1));
  EXPECT_EQ(listed()[0].state, SigningKeyState::kActive);
  EXPECT_THAT(store_->load_signing_key(kid(1)), IsOk());
}

TEST_P(SigningKeyStoreContract, DropsRetiredKeysWhenTheirTimeHasCome) {
  ASSERT_THAT(add(0, kNow, kNow), IsOk());
  ASSERT_THAT(add(1, kNow, kNow + Seconds(100)), IsOk());

  ASSERT_THAT(store_->drop_retired(kNow + Seconds(99)), IsOk());
  EXPECT_EQ(listed().size(), 2U);
  ASSERT_THAT(store_->drop_retired(kNow + Seconds(100)), IsOk());

  ASSERT_EQ(listed().size(), 1U);
  EXPECT_EQ(listed()[0].kid, kid(1));
  EXPECT_THAT(store_->load_signing_key(kid(0)), RefusedWith(Code::k_io_failed));
  EXPECT_THAT(store_->drop_retired(kNow + Seconds(1000)), IsOk());
  EXPECT_EQ(listed().size(), 1U) << "the active key stays";
}

TEST_P(SigningKeyStoreContract, RefusesAKeyThatIsNotThere) {
  EXPECT_THAT(store_->load_signing_key("none"), RefusedWith(Code::k_io_failed));
  EXPECT_THAT(store_->load_signing_key(""), RefusedWith(Code::k_io_failed));
  EXPECT_THAT(store_->load_signing_key("../ajwt"), RefusedWith(Code::k_io_failed));
}

}  // namespace

}  // namespace ajwt::authority
