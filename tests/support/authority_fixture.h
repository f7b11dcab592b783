// SPDX-License-Identifier: Apache-2.0
//
// A whole authority in memory, set up through its own HTTP interface: two applications with
// clients, agents with keys, and a workflow. Requests are values and go to Authority::handle: no
// sockets, no real clock. Tests of refusals build a request that is accepted and change one thing
// of it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authority/authority.h"
#include "base/clock.h"
#include "base/http_message.h"
#include "crypto/key.h"
#include "json/value.h"
#include "protocol/agent_checksum.h"
#include "protocol/workflow.h"

namespace ajwt::testing {

// FakeClock stands still until it is moved.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant now) : now_(now) {}
  Instant now() const override { return now_; }
  std::chrono::milliseconds elapsed() const override { return (now_ - jumped_).time_since_epoch(); }
  void advance(Seconds by) { now_ += by; }
  void set(Instant now) { now_ = now; }
  // jump sets the clock as somebody with the rights to do so would: no time passes.
  void jump(Seconds by) {
    now_ += by;
    jumped_ += by;
  }

 private:
  Instant now_;
  Seconds jumped_{0};
};

// DecisionLog keeps what observers are told.
class DecisionLog final : public authority::DecisionObserver {
 public:
  struct Entry {
    std::string operation;
    std::optional<Code> refused;
    std::string detail;
    std::string client_id;
    std::string subject;
    std::string decision_id;
    std::string route;
    int status;
    std::string trace_id;
    std::string span_id;
    std::optional<SpanId> parent;
    bool unaudited;
  };
  void on_decision(const authority::Decision& decision) override;
  // last returns the newest entry; there must be one.
  Entry last() const;
  std::size_t size() const;
  // count returns how often an operation was refused for this reason.
  std::size_t count(std::string_view operation, Code reason) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

// What the fixture sets up.
inline constexpr std::string_view kTestIssuer = "https://as.example";
inline constexpr std::string_view kTestApi = "https://api.example";
inline constexpr std::string_view kAcme = "acme";
inline constexpr std::string_view kGlobex = "globex";
inline constexpr std::string_view kTestWorkflow = "patching";

// TestClient is a client with its credential.
struct TestClient {
  std::string client_id;
  std::optional<std::string> secret;
  std::optional<crypto::PrivateKey> key;
};

// TestAgent is an agent with its key.
struct TestAgent {
  std::string agent_id;
  json::Object components;
  std::string checksum;
  crypto::PrivateKey key;
};

// TestToken is an access token with the key that it is bound to.
struct TestToken {
  std::string access_token;
  crypto::PrivateKey key;
};

// ProofChanges says what a proof has other than it should have.
struct ProofChanges {
  std::optional<std::string> method = std::nullopt;
  std::optional<std::string> uri = std::nullopt;
  std::optional<std::string> nonce = std::nullopt;  // empty: leave it out
  std::optional<std::string> jti = std::nullopt;
  std::optional<std::string> access_token = std::nullopt;  // of ath
  std::optional<std::string> body = std::nullopt;          // of bd
  std::optional<std::string> agent_checksum = std::nullopt;
  std::optional<std::string> agent_id = std::nullopt;
  enum class Binding { kBound, kNone };
  Binding binding = Binding::kBound;
  Seconds age{0};
};

// AssertionChanges says what a client assertion has other than it should have.
struct AssertionChanges {
  std::optional<std::string> iss = std::nullopt;
  std::optional<std::string> sub = std::nullopt;
  std::optional<json::Value> aud = std::nullopt;
  std::optional<std::string> jti = std::nullopt;  // empty: leave it out
  std::optional<Seconds> lifetime = std::nullopt;
  std::string typ = {};
};

// MintDoor: which of the two token endpoints a mint goes to, and in which encoding.
enum class MintDoor { kJson, kForm };

// MintSpec is what a mint asks for; `fixture.mint_spec` fills it so that it is granted.
struct MintSpec {
  std::optional<std::string> grant_type = std::nullopt;
  std::optional<std::string> agent_id = std::nullopt;
  std::optional<std::string> computed_checksum = std::nullopt;
  std::optional<std::vector<std::string>> scopes = std::nullopt;
  std::vector<std::string> audiences = {};
  std::optional<std::string> workflow_id = std::nullopt;
  std::optional<std::string> workflow_step = std::nullopt;
  std::optional<std::string> execution_id = std::nullopt;
  std::optional<bool> workflow_enabled = std::nullopt;
  std::optional<std::string> tool = std::nullopt;
  std::optional<json::Object> delegation_context = std::nullopt;
};

class AuthorityFixture {
 public:
  // AuthorityFixture makes a fresh authority over `store`, or over one in memory.
  explicit AuthorityFixture(std::unique_ptr<authority::Store> store = nullptr,
                            authority::AuthorityOptions options = default_options());
  ~AuthorityFixture();

  static authority::AuthorityOptions default_options();
  // restart makes a new Authority over the same store, as a new process would.
  void restart();

  HttpResponse handle(const HttpRequest& request) { return authority_->handle(request); }
  authority::Authority& authority() { return *authority_; }
  authority::Store& store() { return *store_; }
  FakeClock& clock() { return clock_; }
  const DecisionLog& decisions() const { return decisions_; }

  // Clients: of the administrators, and of each application one that mints by secret, one that
  // mints by assertion, and one that registers.
  const TestClient& administrator() const { return *administrator_; }
  const TestClient& fleet() const { return *fleet_; }
  const TestClient& fleet_with_key() const { return *fleet_with_key_; }
  const TestClient& registrar() const { return *registrar_; }
  const TestClient& foreign_registrar() const { return *foreign_registrar_; }
  const TestClient& foreign_fleet() const { return *foreign_fleet_; }

  // Agents of acme: the planner reads the manifest, the patcher writes it after that.
  const TestAgent& planner() const { return *planner_; }
  const TestAgent& patcher() const { return *patcher_; }

  // Requests without any authentication.
  static HttpRequest get(std::string path, std::string query = {});
  static HttpRequest json(std::string method, std::string path, const json::Object& body);
  static HttpRequest form(std::string path,
                          const std::vector<std::pair<std::string, std::string>>& parameters);

  // nonce asks the authority for one.
  std::string nonce();
  // jti returns another text at each call.
  std::string jti();

  // prove adds a DPoP header by `key`, bound to the request as it is now: call it last.
  void prove(HttpRequest& request, const crypto::PrivateKey& key, const ProofChanges& changes = {});
  // present adds a token and its proof.
  void present(HttpRequest& request, const TestToken& token, ProofChanges changes = {});
  static void authenticate_basic(HttpRequest& request, std::string_view client_id,
                                 std::string_view secret);
  // assertion returns a signed client assertion.
  std::string assertion(const TestClient& client, const AssertionChanges& changes = {});
  // authenticate adds what `client` authenticates with: Basic, or an assertion in the body, JSON
  // or form by the request's content type.
  void authenticate(HttpRequest& request, const TestClient& client,
                    const AssertionChanges& changes = {});
  // add_key_proof adds an agent proof by `key` to a JSON body, beside the key of `beside`.
  void add_key_proof(HttpRequest& request, const crypto::PrivateKey& key,
                     const crypto::PrivateKey& beside, const ProofChanges& changes = {});

  // token gets an access token by client_credentials.
  TestToken token(const TestClient& client, std::string_view scope);
  // call presents a token with a JSON request and returns the answer.
  HttpResponse call(const TestToken& token, std::string method, std::string path,
                    const json::Object& body = {}, std::string query = {});

  // agent makes an agent's definition, not registered yet.
  static TestAgent agent(std::string agent_id, std::string prompt, std::uint8_t key);
  // registration returns the body that registers the agent.
  static json::Object registration(std::string_view app_id, const TestAgent& agent);
  // register_agent registers, as the client, with a proof of the agent's key.
  HttpResponse register_agent(const TestClient& client, std::string_view app_id,
                              const TestAgent& agent);

  // open_execution opens one of acme's workflow.
  std::string open_execution();
  // mint_spec is the request of `agent` for its step in this execution.
  MintSpec mint_spec(const TestAgent& agent, std::string execution_id);
  // mint_request writes the spec for a door, without authentication.
  static HttpRequest mint_request(const MintSpec& spec, MintDoor door);
  // mint authenticates by the fleet's secret and the agent's proof.
  HttpResponse mint(const MintSpec& spec, MintDoor door, const TestAgent& agent,
                    const ProofChanges& changes = {});
  // complete reports a step done by the agent's own proof.
  HttpResponse complete(const std::string& execution_id, const std::string& step_id,
                        const TestAgent& agent);

 private:
  void set_up();
  TestClient create_client(const TestToken& administrator, std::string_view app_id,
                           std::string client_id, std::string_view scope,
                           std::optional<crypto::PrivateKey> key);
  void create_application(const TestToken& administrator, std::string_view app_id);
  void register_workflow();

  std::unique_ptr<authority::Store> store_;
  authority::AuthorityOptions options_;
  FakeClock clock_;
  DecisionLog decisions_;
  std::unique_ptr<authority::Authority> authority_;
  std::uint64_t jti_ = 0;
  std::optional<TestClient> administrator_;
  std::optional<TestClient> fleet_;
  std::optional<TestClient> fleet_with_key_;
  std::optional<TestClient> registrar_;
  std::optional<TestClient> foreign_registrar_;
  std::optional<TestClient> foreign_fleet_;
  std::optional<TestAgent> planner_;
  std::optional<TestAgent> patcher_;
};

// body_of reads a JSON answer; an empty object if it is none.
json::Object body_of(const HttpResponse& response);
// text_of returns a string member of a JSON answer, or "".
std::string text_of(const HttpResponse& response, std::string_view member);

}  // namespace ajwt::testing
