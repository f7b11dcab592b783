// SPDX-License-Identifier: Apache-2.0
//
// Every small change of a token or a proof, and many threads with one request.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "guard/verifier.h"
#include "tests/support/guarded_request.h"
#include "tests/support/matchers.h"
#include "tests/support/mutations.h"

namespace ajwt::guard {
namespace {

using testing::digest_of;
using testing::for_each_mutation;
using testing::GuardedRequest;
using testing::intent_claims;
using testing::intent_route;
using testing::key_of;
using testing::keys_of;
using testing::kNow;
using testing::sign_token;

class VerifierWholeTest : public ::testing::Test {
 protected:
  VerifierWholeTest() {
    request.nonce = nonces.issue(kNow);
    request.token = sign_token(intent_claims(request.agent), authority);
    request.seal();
  }

  const crypto::PrivateKey authority = key_of(1);
  std::shared_ptr<const jose::KeySet> keys = keys_of({authority});
  MemoryReplayCache replays{digest_of(7)};
  NonceIssuer nonces{digest_of(8), Seconds(300)};
  Verifier verifier{VerifierOptions{.issuer = std::string(testing::kIssuer),
                                    .audience = std::string(testing::kAudience)},
                    nonces, replays};
  const Route route = intent_route();
  GuardedRequest request;
};

// Warm or cold, no mutated token may pass: the cache must never answer for another text.
TEST_F(VerifierWholeTest, RefusesEveryMutationOfAToken) {
  const std::string token = request.token;
  ASSERT_THAT(verifier.verify(request.facts(), route, keys, kNow), IsOk());
  std::size_t visited = 0;
  for_each_mutation(token, [&](std::string_view mutated, std::string_view change) {
    ++visited;
    RequestFacts facts = request.facts();
    const std::string field = "DPoP " + std::string(mutated);
    facts.authorization = {field};
    const auto outcome = verifier.verify(facts, route, keys, kNow);
    ASSERT_FALSE(outcome.has_value()) << change;
    const std::string_view error = outcome.error().reason().oauth_error;
    EXPECT_TRUE(error == "invalid_token" || outcome.error().code() == Code::k_token_missing)
        << change << ": " << outcome.error().reason().name;
  });
  EXPECT_GT(visited, 5000U);
}

TEST_F(VerifierWholeTest, RefusesEveryMutationOfAProof) {
  const std::string proof = request.dpop;
  std::size_t visited = 0;
  for_each_mutation(proof, [&](std::string_view mutated, std::string_view change) {
    ++visited;
    RequestFacts facts = request.facts();
    facts.dpop = {mutated};
    const auto outcome = verifier.verify(facts, route, keys, kNow);
    ASSERT_FALSE(outcome.has_value()) << change;
    EXPECT_EQ(outcome.error().reason().oauth_error, "invalid_dpop_proof")
        << change << ": " << outcome.error().reason().name;
  });
  EXPECT_GT(visited, 5000U);
  EXPECT_THAT(verifier.verify(request.facts(), route, keys, kNow), IsOk()) << "nothing was burnt";
}

TEST_F(VerifierWholeTest, LetsOneOfManyThreadsPassWithTheSameRequest) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    request.jti = "round-" + std::to_string(round);
    request.seal();
    std::atomic<int> ready{0};
    std::atomic<int> passed{0};
    std::atomic<int> replayed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        ++ready;
        while (ready < kThreads) std::this_thread::yield();
        const auto outcome = verifier.verify(request.facts(), route, keys, kNow);
        if (outcome) {
          ++passed;
        } else if (outcome.error().code() == Code::k_proof_replayed) {
          ++replayed;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(passed, 1);
    EXPECT_EQ(replayed, kThreads - 1);
  }
}

TEST_F(VerifierWholeTest, JudgesManyRequestsAtOnceWhileKeysAreExchanged) {
  constexpr int kThreads = 4;
  constexpr int kRequests = 50;
  std::vector<std::vector<std::string>> proofs(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kRequests; ++i) {
      request.jti = std::to_string(t) + "-" + std::to_string(i);
      request.seal();
      proofs[static_cast<std::size_t>(t)].push_back(request.dpop);
    }
  }
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::shared_ptr<const jose::KeySet> own = keys;
      for (const std::string& proof : proofs[static_cast<std::size_t>(t)]) {
        own = keys_of({authority, key_of(9)});
        RequestFacts facts = request.facts();
        facts.dpop = {proof};
        if (verifier.verify(facts, route, own, kNow)) ++passed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, kThreads * kRequests);
}

}  // namespace
}  // namespace ajwt::guard
