// SPDX-License-Identifier: Apache-2.0
//
// The keys that a token is verified with: an issuer's, from where it publishes them or from a file.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "base/result.h"
#include "jose/jwk.h"

namespace ajwt::app {

// TokenKeyOptions say where the keys are.
struct TokenKeyOptions {
  std::string jwks;     // a file, "-" or a URL; empty: what the issuer's metadata name (RFC 8414)
  std::string ca_file;  // empty: the system's authorities
};

// declare_jwks adds --jwks; --ca-file is the profile's, where a command has one.
void declare_jwks(CLI::App& command, TokenKeyOptions& options);

// read_token reads the token that they verify, as read_token_input does. Refuses also
// k_parameter_malformed where both were to come from standard input.
Result<std::string> read_token(const std::string& argument, const TokenKeyOptions& keys);

// load_token_keys refuses what reading the file refuses, k_network_failed, k_response_malformed
// (also for metadata that are about another issuer), and what jose::parse_jwks refuses.
Result<jose::KeySet> load_token_keys(const TokenKeyOptions& options, const std::string& issuer);

}  // namespace ajwt::app
