// SPDX-License-Identifier: Apache-2.0
//
// Requests for tokens by client_credentials with a DPoP proof (RFC 6749 4.4, RFC 9449 5), the same
// for every authorization server, and the check that what came back is a token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/key.h"
#include "http/client.h"

namespace ajwt::bench {

// TokenServer is an authorization server on loopback, as its metadata would describe it.
struct TokenServer {
  std::uint16_t port = 0;
  std::string token_path;
  std::string jwks_path;
  std::string issuer() const { return "http://127.0.0.1:" + std::to_string(port); }
};

// TokenClient is a client that both servers know. It authenticates itself by client_secret_basic,
// or by private_key_jwt if it has a key.
struct TokenClient {
  std::string client_id;
  std::string secret;
  std::optional<crypto::PrivateKey> key = std::nullopt;
};

// make_token_requests returns requests with a fresh proof by `agent` each, all with the nonce that
// the server gives now.
std::vector<std::string> make_token_requests(HttpClient& http, const TokenServer& server,
                                             const TokenClient& client,
                                             const crypto::PrivateKey& agent, std::size_t count);

// check_token_answer ends the program unless an answer (with its header section) has an access
// token that is signed by a key of the server's, is the server's, is for kAudience, has not ended,
// and is bound to the agent's key. It stands on RFC 9068 alone, since not all tokens are ours.
void check_token_answer(HttpClient& http, const TokenServer& server, const crypto::PublicKey& agent,
                        const std::string& answer);

}  // namespace ajwt::bench
