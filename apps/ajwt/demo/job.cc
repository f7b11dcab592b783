// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/job.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "apps/ajwt/demo/agents.h"
#include "apps/ajwt/demo/version.h"
#include "base/check.h"
#include "files/key_file.h"
#include "json/members.h"
#include "json/write.h"
#include "shim/answer.h"
#include "shim/fleet.h"

namespace ajwt::demo {
namespace {

Result<json::Object> read_object(const HttpResponse& response) {
  AJWT_ASSIGN(auto answer, shim::read_answer(response, {}));
  const json::Object* object = answer.find_object();
  if (object == nullptr) return refuse(Code::k_response_malformed, "It is no object.");
  return *object;
}

// The chain as the API saw it: delegators come nearest first.
std::vector<std::string> chain_of(const json::Object& answer) {
  std::vector<std::string> chain;
  const json::Value* caller = answer.find("caller");
  if (caller == nullptr || caller->find_object() == nullptr) return chain;
  const auto names_in = [&](const char* field) {
    const json::Value* value = caller->as_object().find(field);
    std::string text =
        value != nullptr && value->find_string() != nullptr ? value->as_string() : "";
    while (!text.empty()) {
      const auto end = text.find_first_of(" ,");
      std::string subject = text.substr(0, end);
      subject.erase(0, subject.rfind(':') + 1);
      if (!subject.empty()) chain.insert(chain.begin(), subject);
      text.erase(0, end == std::string::npos ? text.size() : end + 1);
    }
  };
  names_in("X-Agent-Delegators");
  const json::Value* subject = caller->as_object().find("X-Agent-Subject");
  if (subject != nullptr && subject->find_string() != nullptr) {
    std::string last = subject->as_string();
    chain.push_back(last.erase(0, last.rfind(':') + 1));
  }
  return chain;
}

// Crew is the fleet with its agents declared.
struct Crew {
  std::unique_ptr<shim::Fleet> fleet;
  std::map<std::string, shim::DeclaredAgent, std::less<>> agents;
};

Result<Crew> declare_crew(const DevInfo& dev, HttpClient& http, const Clock& clock) {
  AJWT_ASSIGN(auto client_key, files::load_key_file(dev.client_key));
  AJWT_ASSIGN(auto client_id, ClientId::parse(kAppId));
  AJWT_ASSIGN(auto fleet,
              shim::Fleet::create(
                  {.authority = {.issuer = dev.issuer,
                                 .credential = {std::move(client_id), std::move(client_key)}}},
                  http, clock));
  Crew crew{std::move(fleet), {}};
  for (const auto& definition : demo_agents()) {
    const auto key_file = dev.agent_keys.find(definition.agent_id);
    if (key_file == dev.agent_keys.end()) return refuse(Code::k_not_found, definition.agent_id);
    AJWT_ASSIGN(auto declared, crew.fleet->declare(shim::live_agent([&] { return definition; }),
                                                   key_file->second));
    crew.agents.emplace(definition.agent_id, std::move(declared));
  }
  return crew;
}

// Job keeps what one step hands to the next.
class Job {
 public:
  Job(const DevInfo& dev, Crew& crew, const std::function<void(const StepView&)>& on_step)
      : dev_(dev), crew_(crew), on_step_(on_step) {}

  Result<JobResult> run() {
    // The supervisor runs from beginning to end; the others run within it.
    AJWT_ASSIGN(const auto supervisor, crew_.agents.at("supervisor").enter());
    AJWT_ASSIGN(const auto workflow, WorkflowId::parse(kWorkflowId));
    AJWT_ASSIGN(const auto execution, crew_.fleet->open_execution(workflow));
    result_.execution_id = execution.execution_id.str();
    AJWT_TRY(read_manifest());
    AJWT_TRY(query_advisories());
    AJWT_TRY(propose_patch());
    if (!proposal_id_.empty()) {
      AJWT_TRY(apply_patch());
      AJWT_TRY(verify_manifest());
    }
    AJWT_ASSIGN(const auto record, crew_.fleet->get_execution());
    json::Members members(record);
    AJWT_ASSIGN(result_.workflow_version, members.get_integer("workflow_version"));
    AJWT_TRY(crew_.fleet->close_execution());
    return std::move(result_);
  }

 private:
  // call makes one step's call as its agent; `show` tells of it once its answer was understood.
  Result<json::Object> call(std::string_view step_id, std::string_view method,
                            const std::string& path, const std::optional<json::Object>& body) {
    const DemoStep& step = step_of(step_id);
    const auto begun = std::chrono::steady_clock::now();
    AJWT_ASSIGN(const auto running, crew_.agents.find(step.agent_id)->second.enter());
    AJWT_ASSIGN(auto step_name, StepId::parse(step_id));
    HttpCall request{.method = std::string(method),
                     .url = dev_.guard_url + path,
                     .headers = {},
                     .body = body ? json::write(json::Value(*body)) : ""};
    if (body) request.headers.set("Content-Type", "application/json");
    AJWT_ASSIGN(const auto response, crew_.fleet->call_tool({.tool = std::string(step.tool),
                                                             .step = std::move(step_name),
                                                             .scopes = {std::string(step.scope)},
                                                             .audience = std::string(kAudience),
                                                             .reached_at = dev_.guard_url},
                                                            request));
    AJWT_ASSIGN(auto answer, read_object(response));
    const auto spent = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begun);
    result_.steps.push_back({.number = static_cast<int>(result_.steps.size()) + 1,
                             .step = std::string(step_id),
                             .agent = std::string(step.agent_id),
                             .scope = std::string(step.scope),
                             .chain = chain_of(answer),
                             .microseconds = spent.count(),
                             .summary = ""});
    return answer;
  }

  void show(std::string summary) {
    result_.steps.back().summary = std::move(summary);
    on_step_(result_.steps.back());
  }

  static const DemoStep& step_of(std::string_view step_id) {
    const auto step = std::find_if(demo_steps().begin(), demo_steps().end(),
                                   [&](const auto& known) { return known.step_id == step_id; });
    AJWT_CHECK(step != demo_steps().end());
    return *step;
  }

  static std::string count(std::size_t number, std::string_view noun) {
    return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
  }

  Status read_manifest() {
    AJWT_ASSIGN(const auto answer, call("read_manifest", "GET", "/manifest", std::nullopt));
    json::Members members(answer);
    AJWT_ASSIGN(const auto* packages, members.get_array("packages"));
    AJWT_ASSIGN(const auto file, members.get_string("file"));
    AJWT_ASSIGN(const auto ecosystem, members.get_string("ecosystem"));
    packages_ = *packages;
    ecosystem_ = ecosystem == name(Ecosystem::kNpm) ? Ecosystem::kNpm : Ecosystem::kDebian;
    show(count(packages_.size(), "package") + " in " + file);
    return ok();
  }

  Status query_advisories() {
    AJWT_ASSIGN(const auto answer, call("query_advisories", "POST", "/advisories/query",
                                        json::Object{{"packages", packages_}}));
    json::Members members(answer);
    AJWT_ASSIGN(const auto* findings, members.get_array("findings"));
    AJWT_TRY(plan(*findings));
    show(count(findings->size(), "finding") + " to mend");
    return ok();
  }

  // plan is the planner's script: for each vulnerable package, the version that mends all findings.
  Status plan(const json::Array& findings) {
    for (const auto& item : findings) {
      if (item.find_object() == nullptr) return refuse(Code::k_response_malformed, "findings");
      json::Members finding(item.as_object());
      AJWT_ASSIGN(auto package, finding.get_string("name"));
      AJWT_ASSIGN(auto version, finding.get_string("version"));
      AJWT_ASSIGN(auto fixed, finding.find_string("fixed"));
      if (!fixed) continue;
      const auto planned = changes_.find(package);
      if (planned == changes_.end()) {
        changes_.emplace(std::move(package), Planned{std::move(version), *std::move(fixed)});
      } else if (std::is_gt(compare_versions(ecosystem_, *fixed, planned->second.to))) {
        planned->second.to = *std::move(fixed);
      }
    }
    return ok();
  }

  Status propose_patch() {
    if (changes_.empty()) return ok();  // nothing to mend: the workflow ends here
    json::Array changes;
    for (const auto& [package, planned] : changes_) {
      changes.emplace_back(
          json::Object{{"name", package}, {"from", planned.from}, {"to", planned.to}});
    }
    AJWT_ASSIGN(const auto answer, call("propose_patch", "POST", "/proposals",
                                        json::Object{{"changes", std::move(changes)}}));
    json::Members members(answer);
    AJWT_ASSIGN(proposal_id_, members.get_string("proposal_id"));
    show(count(changes_.size(), "change") + " in " + proposal_id_);
    return ok();
  }

  Status apply_patch() {
    AJWT_ASSIGN(const auto answer,
                call("apply_patch", "POST", "/proposals/" + proposal_id_ + "/apply",
                     json::Object{{"proposal_id", proposal_id_}}));
    json::Members members(answer);
    AJWT_ASSIGN(result_.changed, members.get_integer("changed"));
    AJWT_ASSIGN(result_.diff, members.get_string("diff"));
    AJWT_ASSIGN(result_.file, members.get_string("file"));
    show(count(static_cast<std::size_t>(result_.changed), "change") + " applied");
    return ok();
  }

  Status verify_manifest() {
    AJWT_ASSIGN(const auto answer, call("verify_manifest", "GET", "/manifest", std::nullopt));
    json::Members members(answer);
    AJWT_ASSIGN(const auto* packages, members.get_array("packages"));
    show(count(packages->size(), "package") + " read back");
    return ok();
  }

  struct Planned {
    std::string from;
    std::string to;
  };

  const DevInfo& dev_;
  Crew& crew_;
  const std::function<void(const StepView&)>& on_step_;
  JobResult result_{
      .execution_id = "", .workflow_version = 0, .steps = {}, .changed = 0, .file = "", .diff = ""};
  Ecosystem ecosystem_ = Ecosystem::kNpm;
  json::Array packages_;
  std::map<std::string, Planned> changes_;
  std::string proposal_id_;
};

}  // namespace

Status upload_manifest(const DevInfo& dev, HttpClient& http, const ManifestUpload& upload) {
  HttpCall call{.method = "POST",
                .url = dev.api_url + "/manifest",
                .headers = {},
                .body = json::write(json::Value(json::Object{{"file", upload.file_name},
                                                             {"manifest", upload.manifest},
                                                             {"advisories", upload.advisories}}))};
  call.headers.set("Content-Type", "application/json");
  call.headers.set("X-Demo-Control", dev.control);
  AJWT_ASSIGN(const auto response, http.send(call));
  return shim::read_answer(response, {}).map([](const auto&) {});
}

Result<JobResult> run_job(const DevInfo& dev, HttpClient& http, const Clock& clock,
                          const std::function<void(const StepView&)>& on_step) {
  AJWT_ASSIGN(auto crew, declare_crew(dev, http, clock));
  return Job(dev, crew, on_step).run();
}

}  // namespace ajwt::demo
