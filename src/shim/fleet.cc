// SPDX-License-Identifier: Apache-2.0
#include "shim/fleet.h"

#include <utility>

#include "base/check.h"
#include "files/key_file.h"
#include "json/members.h"
#include "protocol/names.h"
#include "shim/internal/declaration.h"
#include "shim/internal/fleet_core.h"

namespace ajwt::shim {
namespace {

constexpr std::string_view kExecutionsPath = "/intent/executions";

Error no_execution() {
  return refuse(Code::k_execution_unknown,
                "The running agent is in no execution: open or join one.");
}

}  // namespace

Running::Running(Running&& other) noexcept
    : depth_(std::exchange(other.depth_, 0)), thread_(other.thread_) {}

Running::~Running() {
  if (depth_ == 0) return;
  AJWT_CHECK(thread_ == std::this_thread::get_id());
  pop_frame(depth_);
}

DeclaredAgent::DeclaredAgent(std::shared_ptr<Declaration> declaration)
    : declaration_(std::move(declaration)) {}

DeclaredAgent::DeclaredAgent(DeclaredAgent&&) noexcept = default;

DeclaredAgent& DeclaredAgent::operator=(DeclaredAgent&& other) noexcept {
  // What this handle held goes with `gone`, at the end.
  DeclaredAgent gone(std::move(*this));
  declaration_ = std::move(other.declaration_);
  return *this;
}

DeclaredAgent::~DeclaredAgent() {
  if (declaration_ != nullptr) declaration_->core()->remove(declaration_);
}

const AgentId& DeclaredAgent::agent_id() const {
  AJWT_CHECK(declaration_ != nullptr);
  return declaration_->agent_id();
}

const std::string& DeclaredAgent::jkt() const {
  AJWT_CHECK(declaration_ != nullptr);
  return declaration_->jkt();
}

Result<std::string> DeclaredAgent::checksum() const {
  AJWT_CHECK(declaration_ != nullptr);
  return declaration_->read_checksum();
}

Result<Running> DeclaredAgent::enter() const {
  if (declaration_ == nullptr)
    return refuse(Code::k_agent_not_running, "The handle was moved from.");
  AJWT_TRY(check_enter(*declaration_));
  const Frame* frame = top_frame();
  if (declaration_->owner() != 0 &&
      (frame == nullptr || frame->agent->serial() != declaration_->owner())) {
    return refuse(Code::k_agent_foreign_scope,
                  declaration_->agent_id().str() + " was declared by another agent.");
  }
  auto execution = frame == nullptr ? nullptr : frame->execution;
  return Running(push_frame({.agent = declaration_, .execution = std::move(execution)}),
                 std::this_thread::get_id());
}

Result<Running> ContextTicket::enter() const {
  AJWT_TRY(check_enter(*declaration_));
  return Running(push_frame({.agent = declaration_, .execution = execution_}),
                 std::this_thread::get_id());
}

Fleet::Fleet(std::shared_ptr<FleetCore> core) : core_(std::move(core)) {}
Fleet::~Fleet() = default;

Result<std::unique_ptr<Fleet>> Fleet::create(FleetOptions options, HttpClient& http,
                                             const Clock& clock, Sleeper& sleeper) {
  const PlainHttp plain_http = options.authority.plain_http;
  AJWT_ASSIGN(auto authority,
              AuthorityClient::create(std::move(options.authority), http, clock, sleeper));
  return std::unique_ptr<Fleet>(
      new Fleet(std::make_shared<FleetCore>(options.checksum_profile, options.max_cached_tokens,
                                            plain_http, std::move(authority), http, clock)));
}

Result<DeclaredAgent> Fleet::declare(std::shared_ptr<const LiveAgent> agent,
                                     crypto::PrivateKey key) {
  std::uint64_t owner = 0;
  if (top_frame() != nullptr) {
    AJWT_ASSIGN(const Frame* frame, find_running(*core_));
    owner = frame->agent->serial();
  }
  AJWT_ASSIGN(auto declaration,
              Declaration::take(core_, std::move(agent), std::move(key), core_->profile(), owner));
  AJWT_TRY(core_->add(declaration));
  return DeclaredAgent(std::move(declaration));
}

Result<DeclaredAgent> Fleet::declare(std::shared_ptr<const LiveAgent> agent,
                                     const std::string& key_file) {
  AJWT_ASSIGN(crypto::PrivateKey key, files::load_key_file(key_file));
  return declare(std::move(agent), std::move(key));
}

Result<ContextTicket> Fleet::capture() const {
  AJWT_ASSIGN(const Frame* frame, find_running(*core_));
  return ContextTicket(frame->agent, frame->execution);
}

Result<OpenExecution> Fleet::open_execution(const WorkflowId& workflow_id) {
  AJWT_ASSIGN(const Frame* frame, find_running(*core_));
  // Again would open a second one, so an answer that got lost is not asked for again.
  const AuthorityCall call{.method = "POST",
                           .path = std::string(kExecutionsPath),
                           .body = json::Object{{names::kWorkflowId, workflow_id.str()}},
                           .repeat = Repeat::kUnsafe};
  AJWT_ASSIGN(const json::Value answer, core_->ask(call, *frame->agent, std::nullopt));
  const json::Object* object = answer.find_object();
  const json::Value* id = object == nullptr ? nullptr : object->find(names::kExecutionId);
  if (id == nullptr || id->find_string() == nullptr) {
    return refuse(Code::k_response_malformed, "The answer has no execution_id.");
  }
  const auto execution_id = ExecutionId::parse(id->as_string());
  if (!execution_id) return refuse(Code::k_response_malformed, "The answer's execution_id.");
  OpenExecution execution{.workflow_id = workflow_id, .execution_id = *execution_id};
  AJWT_TRY(join_execution(execution));
  return execution;
}

Status Fleet::join_execution(const OpenExecution& execution) {
  AJWT_ASSIGN(Frame * frame, find_running(*core_));
  frame->execution = std::make_shared<const OpenExecution>(execution);
  return ok();
}

Result<json::Object> Fleet::get_execution() {
  AJWT_ASSIGN(const Frame* frame, find_running(*core_));
  if (frame->execution == nullptr) return no_execution();
  const AuthorityCall call{
      .method = "GET",
      .path = std::string(kExecutionsPath) + "/" + frame->execution->execution_id.str(),
      .body = std::nullopt,
      .repeat = Repeat::kSafe};
  AJWT_ASSIGN(const json::Value answer, core_->read(call));
  if (answer.find_object() == nullptr) return refuse(Code::k_response_malformed);
  return answer.as_object();
}

Status Fleet::close_execution() {
  AJWT_ASSIGN(Frame * frame, find_running(*core_));
  if (frame->execution == nullptr) return no_execution();
  const AuthorityCall call{
      .method = "POST",
      .path = std::string(kExecutionsPath) + "/" + frame->execution->execution_id.str() + "/close",
      .body = json::Object(),
      .repeat = Repeat::kSafe};
  AJWT_TRY(core_->ask(call, *frame->agent, std::nullopt));
  frame->execution = nullptr;
  return ok();
}

Status Fleet::report_step(const StepId& step, StepOutcome outcome) {
  AJWT_ASSIGN(const Frame* frame, find_running(*core_));
  if (frame->execution == nullptr) return no_execution();
  return core_->report(*frame->agent, frame->execution->execution_id, step, outcome);
}

}  // namespace ajwt::shim
