// SPDX-License-Identifier: Apache-2.0
//
// A fleet before its fake services, for tests.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "base/secret.h"
#include "shim/fleet.h"
#include "shim/testing/fake_services.h"

namespace ajwt::shim::testing {

// TestAgent is a live agent whose prompt a test can change while it runs.
class TestAgent final : public LiveAgent {
 public:
  explicit TestAgent(std::string agent_id) : agent_id_(std::move(agent_id)) {}
  AgentDefinition definition() const override {
    const std::lock_guard lock(mutex_);
    AgentDefinition definition{.agent_id = agent_id_,
                               .prompt_template = prompt_,
                               .tools = {},
                               .configuration = {{"temperature", 0}}};
    definition.tools.push_back({.name = "apply_patch",
                                .description = "Applies a patch.",
                                .parameters = json::Object{{"type", "object"}},
                                .signature = std::nullopt,
                                .source_code = std::nullopt});
    return definition;
  }
  void set_prompt(std::string prompt) {
    const std::lock_guard lock(mutex_);
    prompt_ = std::move(prompt);
  }
  void set_agent_id(std::string agent_id) {
    const std::lock_guard lock(mutex_);
    agent_id_ = std::move(agent_id);
  }

 private:
  mutable std::mutex mutex_;
  std::string agent_id_;
  std::string prompt_ = "You patch dependencies.";
};

inline std::shared_ptr<TestAgent> test_agent(std::string agent_id) {
  return std::make_shared<TestAgent>(std::move(agent_id));
}

inline ClientCredential secret_credential() {
  return {.client_id = ClientId::trusted(std::string(kClientId)),
          .authenticator = Secret(std::string(kClientSecret))};
}

// World is clock, services and a fleet with a secret.
struct World {
  World() : World(secret_credential()) {}
  explicit World(ClientCredential credential)
      : services(clock), fleet(make_fleet(std::move(credential))) {}

  std::unique_ptr<Fleet> make_fleet(ClientCredential credential) {
    return *Fleet::create({.authority = {.issuer = std::string(kIssuer),
                                         .credential = std::move(credential),
                                         .token_key = std::nullopt,
                                         .plain_http = PlainHttp::kLoopbackOnly,
                                         .retries = {}},
                           .checksum_profile = ChecksumProfile::kStrictSha256,
                           .max_cached_tokens = 1024},
                          services, clock, sleeper);
  }

  // declare declares an agent and registers it as it is.
  DeclaredAgent declare(const std::shared_ptr<TestAgent>& live) { return declare(*fleet, live); }
  DeclaredAgent declare(Fleet& in, const std::shared_ptr<TestAgent>& live) {
    DeclaredAgent agent =
        *in.declare(live, *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
    services.register_agent(agent.agent_id().str(), agent.jkt(), *agent.checksum());
    return agent;
  }

  FakeClock clock;
  FakeSleeper sleeper;
  FakeServices services;
  std::unique_ptr<Fleet> fleet;
};

inline ToolCall tool_call(std::optional<std::string> step = std::nullopt) {
  ToolCall call{.tool = "apply_patch",
                .step = std::nullopt,
                .scopes = {"patch:write", "patch:read"},
                .audience = std::string(kApi),
                .reached_at = {}};
  if (step) call.step = StepId::trusted(*std::move(step));
  return call;
}

inline HttpCall api_request(std::string path = "/patches?dry=1", std::string body = "{}") {
  return {.method = "POST",
          .url = std::string(kApi) + std::move(path),
          .headers = {},
          .body = std::move(body),
          .timeout = Seconds(10)};
}

}  // namespace ajwt::shim::testing
