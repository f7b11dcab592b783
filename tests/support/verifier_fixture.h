// SPDX-License-Identifier: Apache-2.0
//
// The fixture of the verifier's tests: a verifier, an honest request, and the way to change it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "guard/verifier.h"
#include "tests/support/guarded_request.h"
#include "tests/support/matchers.h"

namespace ajwt::guard {

inline VerifierOptions verifier_options() {
  return VerifierOptions{.issuer = std::string(testing::kIssuer),
                         .audience = std::string(testing::kAudience)};
}

class VerifierTest : public ::testing::Test {
 protected:
  VerifierTest() { request.nonce = nonces.issue(testing::kNow); }

  // sealed returns the honest request of an agent with this token.
  testing::GuardedRequest& sealed(std::string token) {
    request.token = std::move(token);
    request.seal();
    return request;
  }
  testing::GuardedRequest& sealed() {
    return sealed(testing::sign_token(testing::intent_claims(agent), authority));
  }

  Result<VerifiedRequest> verify(const RequestFacts& facts, Instant now = testing::kNow) const {
    return verifier.verify(facts, route, keys, now);
  }
  Result<VerifiedRequest> verify(Instant now = testing::kNow) const {
    return verify(request.facts(), now);
  }

  const crypto::PrivateKey authority = testing::key_of(1);
  const crypto::PrivateKey agent = testing::key_of(2);
  const crypto::PrivateKey stranger = testing::key_of(3);
  std::shared_ptr<const jose::KeySet> keys = testing::keys_of({authority});
  MemoryReplayCache replays{testing::digest_of(7)};
  NonceIssuer nonces{testing::digest_of(8), Seconds(300)};
  Verifier verifier{verifier_options(), nonces, replays};
  Route route = testing::intent_route();
  testing::GuardedRequest request;
};

}  // namespace ajwt::guard
