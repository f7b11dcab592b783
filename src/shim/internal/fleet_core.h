// SPDX-License-Identifier: Apache-2.0
//
// What the agents of one fleet share. Internal to shim.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/id.h"
#include "base/result.h"
#include "json/value.h"
#include "shim/authority_client.h"
#include "shim/fleet.h"
#include "shim/internal/declaration.h"
#include "shim/internal/nonce_book.h"
#include "shim/internal/step_tracker.h"
#include "shim/internal/token_cache.h"

namespace ajwt::shim {

// TokenRequest is everything that a token depends on, but for the agent's checksum, and the trace
// in which it is asked for.
struct TokenRequest {
  std::shared_ptr<Declaration> agent;
  std::shared_ptr<const OpenExecution> execution;  // null unless there is a step
  ToolCall call;                                   // its trace is set
  std::string scope_key;                           // the scopes, sorted
};

// token_key is the place of a token in the cache: another for whatever else of these differs
// (protocol 9). `step_key` is FleetCore::step_key: agent, registration of this process, execution
// and step. delegation_digest, constraints and action hashes will belong here, too: no answer of
// the authority names them yet.
std::string token_key(const std::string& step_key, std::string_view jkt, std::string_view checksum,
                      const ToolCall& call, std::string_view scope_key);

// KeyedToken is a token and its place in the cache.
struct KeyedToken {
  std::string key;
  TokenCache::Token token;
};

// FleetCore is safe for concurrent use.
class FleetCore {
 public:
  FleetCore(ChecksumProfile profile, std::size_t max_cached_tokens, PlainHttp plain_http,
            std::unique_ptr<AuthorityClient> authority, HttpClient& http, const Clock& clock)
      : profile_(profile),
        plain_http_(plain_http),
        authority_(std::move(authority)),
        http_(http),
        clock_(clock),
        tokens_(max_cached_tokens, clock) {}

  ChecksumProfile profile() const { return profile_; }
  PlainHttp plain_http() const { return plain_http_; }
  HttpClient& http() { return http_; }
  const Clock& clock() const { return clock_; }
  NonceBook& nonces() { return nonces_; }
  StepTracker& steps() { return steps_; }
  TokenCache& tokens() { return tokens_; }

  // add refuses k_agent_declared_twice.
  Status add(const std::shared_ptr<Declaration>& declaration);
  // remove retires the agent and wipes its tokens.
  void remove(const std::shared_ptr<Declaration>& declaration);

  // get_token returns a token for the agent as it runs now: cached for the checksum that it has
  // now, or minted. Refuses as Fleet::call_tool does.
  Result<KeyedToken> get_token(const TokenRequest& request);

  // ask makes a request in which the agent's key proves itself.
  Result<json::Value> ask(const AuthorityCall& call, const Declaration& agent,
                          const std::optional<std::string>& checksum);
  // read makes a request without a body.
  Result<json::Value> read(const AuthorityCall& call);

  Status report(const Declaration& agent, const ExecutionId& execution, const StepId& step,
                StepOutcome outcome, const std::optional<TraceParent>& trace = std::nullopt);

  // step_key is the prefix of the cache keys of one agent's tokens for one step, and the step's
  // name in steps().
  static std::string step_key(const Declaration& agent, const OpenExecution* execution,
                              const std::optional<StepId>& step);

 private:
  Result<HeldToken> mint(const TokenRequest& request, const std::string& checksum);

  const ChecksumProfile profile_;
  const PlainHttp plain_http_;
  const std::unique_ptr<AuthorityClient> authority_;
  HttpClient& http_;
  const Clock& clock_;
  NonceBook nonces_;
  TokenCache tokens_;
  StepTracker steps_;
  std::mutex mutex_;
  std::map<AgentId, std::weak_ptr<Declaration>> declared_;
};

}  // namespace ajwt::shim
