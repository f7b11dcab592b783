// SPDX-License-Identifier: Apache-2.0
#include "protocol/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "crypto/hash.h"
#include "jose/base64url.h"

namespace ajwt {
namespace {

using namespace std::string_literals;

TEST(DraftSequenceHash, IsTheFirstHalfOfSha256OverTheJoinedIds) {
  EXPECT_EQ(draft_sequence_hash({"a", "b"}), to_hex(crypto::sha256("a|b")).substr(0, 16));
  // SHA-256 of the empty string (FIPS 180-4).
  EXPECT_EQ(draft_sequence_hash({}), "e3b0c44298fc1c14");
}

TEST(SequenceDigest, HashesLengthsBeforeTexts) {
  const std::string input = "\0\0\0\0\0\0\0\1L\0\0\0\0\0\0\0\2ab"s;
  EXPECT_EQ(sequence_digest("L", {"ab"}), jose::encode_base64url(crypto::sha256(input)));
}

TEST(SequenceDigest, DiffersWhereTheDraftsHashDoesNot) {
  EXPECT_EQ(draft_sequence_hash({"a", "b"}), draft_sequence_hash({"a|b"}));
  const std::set<std::string> digests = {
      sequence_digest("L", {}),         sequence_digest("L", {""}),
      sequence_digest("L", {"", ""}),   sequence_digest("L", {"a", "b"}),
      sequence_digest("L", {"a|b"}),    sequence_digest("L", {"ab"}),
      sequence_digest("L", {"b", "a"}), sequence_digest("La", {"b"}),
      sequence_digest("M", {"a", "b"}),
  };
  EXPECT_EQ(digests.size(), 9u);
}

}  // namespace
}  // namespace ajwt
