// SPDX-License-Identifier: Apache-2.0
//
// The shim: identity, tokens and proofs for the agents of one process. What an agent's developer
// writes:
//
//   auto fleet = *Fleet::create({.authority = {.issuer = "https://authority.example",
//                                              .credential = {client_id, std::move(secret)}}},
//                               http, clock);
//   auto patcher = *fleet->declare(live_agent([&] { return patcher_as_it_runs(); }),
//                                  "keys/patcher.pem");
//   {
//     auto running = *patcher.enter();                    // from here on, this thread is `patcher`
//     auto execution = *fleet->open_execution(workflow);  // or join_execution, in another process
//     auto answer = fleet->call_tool(                     // the one line around each tool call
//         {.tool = "apply_patch", .step = step, .scopes = {"patch:write"}, .audience = api},
//         {.method = "POST", .url = api + "/patches", .headers = {}, .body = patch});
//   }
//
// call_tool gets a token for this agent, step and tool (or the authority's refusal, and then the
// call is never made), signs a proof for the request, and reports how the step ended. Which agent
// acts is never an argument: it is the agent that runs, which only its handle can make run.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/id.h"
#include "base/result.h"
#include "base/trace_context.h"
#include "crypto/key.h"
#include "json/value.h"
#include "protocol/agent_checksum.h"
#include "protocol/scope.h"
#include "shim/agent.h"
#include "shim/authority_client.h"
#include "shim/retry.h"

namespace ajwt::shim {

class FleetCore;    // internal/fleet_core.h
class Declaration;  // internal/declaration.h

// FleetOptions is what a fleet needs to know. The client needs the scope generate:intent-token.
struct FleetOptions {
  AuthorityOptions authority;
  // How the agents are registered: there is no other that would do as well (protocol 3.1).
  ChecksumProfile checksum_profile = ChecksumProfile::kStrictSha256;
  std::size_t max_cached_tokens = 1024;
};

// OpenExecution is a run of a workflow at the authority (protocol 4.2).
struct OpenExecution {
  WorkflowId workflow_id;
  ExecutionId execution_id;
};

// ToolCall says what a token is needed for. Nothing of it says who calls.
struct ToolCall {
  std::string tool;
  std::optional<StepId> step = std::nullopt;  // of the running execution; absent: no workflow
  Scopes scopes;                              // at least one
  std::string audience;
  // Where the audience is reached, if that is not at the audience's own origin (scheme, host and
  // port): any URL there. Requests to other origins are refused.
  std::string reached_at = {};
  // The caller's own traceparent (W3C Trace Context), so that its spans and those of authority and
  // guard are one tree. Absent: a trace of this call's own.
  std::optional<TraceParent> trace = std::nullopt;
};

// Running is the time in which an agent runs on this thread; it ends when the object goes. Belongs
// to the thread that entered and ends there, the last entered first: anything else is a bug in the
// program and aborts it, rather than let one agent act as another.
class [[nodiscard]] Running {
 public:
  Running(Running&& other) noexcept;
  Running& operator=(Running&&) = delete;
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running();

 private:
  friend class DeclaredAgent;
  friend class ContextTicket;
  Running(std::size_t depth, std::thread::id thread) : depth_(depth), thread_(thread) {}
  std::size_t depth_;  // of the thread's stack of agents, with this one; 0: moved from
  std::thread::id thread_;
};

// DeclaredAgent is the handle of an agent: who has it, and nobody else, can make the agent run. It
// cannot be copied, guessed, or looked up by name. When it goes, the agent is declared no more, its
// tokens are wiped, and what still runs as it is refused with k_agent_not_running.
class DeclaredAgent {
 public:
  DeclaredAgent(DeclaredAgent&&) noexcept;
  DeclaredAgent& operator=(DeclaredAgent&&) noexcept;
  DeclaredAgent(const DeclaredAgent&) = delete;
  DeclaredAgent& operator=(const DeclaredAgent&) = delete;
  ~DeclaredAgent();

  const AgentId& agent_id() const;
  // jkt returns the thumbprint of the agent's public key.
  const std::string& jkt() const;
  // checksum returns the checksum of the agent as it runs now. Refuses what
  // compute_agent_checksum refuses, k_agent_foreign_scope if its agent_id has changed.
  Result<std::string> checksum() const;

  // enter makes the agent run on this thread, within the execution that runs already, if any.
  // Refuses k_agent_foreign_scope: while an agent of another fleet runs; and, for an agent that was
  // declared while another one ran, anywhere but where that one runs. k_agent_not_running for a
  // handle that was moved from. Safe from many threads at once.
  Result<Running> enter() const;

 private:
  friend class Fleet;
  explicit DeclaredAgent(std::shared_ptr<Declaration> declaration);
  std::shared_ptr<Declaration> declaration_;
};

// ContextTicket carries the running agent and its execution to other threads: made where the agent
// runs (Fleet::capture), entered there. Copies are equal; safe for concurrent use.
class ContextTicket {
 public:
  // enter makes the captured agent run on this thread. Refuses k_agent_not_running if its handle is
  // gone, k_agent_foreign_scope while an agent of another fleet runs here.
  Result<Running> enter() const;

 private:
  friend class Fleet;
  ContextTicket(std::shared_ptr<Declaration> declaration,
                std::shared_ptr<const OpenExecution> execution)
      : declaration_(std::move(declaration)), execution_(std::move(execution)) {}
  std::shared_ptr<Declaration> declaration_;
  std::shared_ptr<const OpenExecution> execution_;
};

// ToolSession is what the body of a tool call has: requests that carry token and proof. Lives as
// long as the body runs. Safe for concurrent use by threads on which the same agent runs.
class ToolSession {
 public:
  ToolSession(const ToolSession&) = delete;
  ToolSession& operator=(const ToolSession&) = delete;
  ~ToolSession();

  // send makes the request with the token and a fresh proof over method, URL, query, body and
  // token; Authorization, DPoP and traceparent fields of `call` are replaced. It is sent once more
  // if, and only if, the server refuses it for its nonce; an answer that refuses the token makes
  // the next request get a new one. Any answer is returned, whatever its status.
  //
  // Refuses k_agent_not_running and k_agent_foreign_scope unless the session's own agent runs on
  // this thread; k_audience_mismatch for a URL at another origin, which has no business with the
  // token; the authority's refusal if a new token was needed; what HttpClient refuses.
  Result<HttpResponse> send(const HttpCall& call) const;

 private:
  friend class Fleet;
  struct Plan;
  explicit ToolSession(std::unique_ptr<const Plan> plan);
  std::unique_ptr<const Plan> plan_;
};

// ToolBody carries out a tool call and returns the answer that counts.
using ToolBody = std::function<Result<HttpResponse>(const ToolSession&)>;

// StepOutcome is how an agent says that a step ended.
enum class StepOutcome { kDone, kFailed };

// Fleet is the agents of one client in one process. Safe for concurrent use; may go before its
// agents do.
class Fleet {
 public:
  // create makes no request. Refuses what AuthorityClient::create refuses. `http`, `clock` and
  // `sleeper` outlive the fleet and its agents.
  static Result<std::unique_ptr<Fleet>> create(FleetOptions options, HttpClient& http,
                                               const Clock& clock,
                                               Sleeper& sleeper = system_sleeper());
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // declare takes an agent and the key with which it is registered at the authority. An agent that
  // is declared while another one runs belongs to that one (DeclaredAgent::enter). Refuses
  // k_agent_declared_twice, k_identifier_malformed, k_agent_foreign_scope while an agent of another
  // fleet runs, and what compute_agent_checksum refuses.
  Result<DeclaredAgent> declare(std::shared_ptr<const LiveAgent> agent, crypto::PrivateKey key);
  // declare with a path reads the key by load_key_file and refuses what that refuses.
  Result<DeclaredAgent> declare(std::shared_ptr<const LiveAgent> agent,
                                const std::string& key_file);

  // capture returns the ticket of the agent that runs. Refuses k_agent_not_running,
  // k_agent_foreign_scope (as all functions below).
  Result<ContextTicket> capture() const;

  // open_execution opens a run of the workflow at the authority and makes it the running agent's,
  // and that of the agents that enter within it.
  Result<OpenExecution> open_execution(const WorkflowId& workflow_id);
  // join_execution makes a run that was opened elsewhere the running agent's: in another process,
  // or after a restart.
  Status join_execution(const OpenExecution& execution);
  // get_execution returns the authority's record of the running execution. Refuses
  // k_execution_unknown if there is none, as close_execution does.
  Result<json::Object> get_execution();
  Status close_execution();

  // call_tool gets a token, runs `body` with it, and reports the step, all in one trace: done if
  // the body returns a 2xx answer, failed otherwise. Calls of several threads within one step are
  // one use of it, which ends with the last. Returns what the body returned.
  //
  // When the token is refused the body never runs, and the Error is the authority's; for
  // k_agent_checksum_mismatch its items name which parts of the agent (by name alone) differ from
  // those at declaration. Refuses k_execution_unknown for a step outside any execution,
  // k_configuration_refused for a tool that is reached over plain http where the fleet's plain_http
  // does not allow that. If the tool answered and only the report failed, the Error is the report's
  // and says so: the tool was called and must not be called again; report_step makes the report
  // again. If the call failed as well, its Error says that the report failed, too. An exception of
  // the body passes through, after the step was reported failed.
  Result<HttpResponse> call_tool(const ToolCall& tool_call, const ToolBody& body);
  // call_tool with a request is call_tool with a body that sends it.
  Result<HttpResponse> call_tool(const ToolCall& tool_call, const HttpCall& request);

  // report_step tells the authority how a step ended, by the running agent's own proof. Saying the
  // same again is no error.
  Status report_step(const StepId& step, StepOutcome outcome);

 private:
  explicit Fleet(std::shared_ptr<FleetCore> core);
  std::shared_ptr<FleetCore> core_;
};

}  // namespace ajwt::shim
