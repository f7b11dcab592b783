// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/attack_report.h"

#include <algorithm>
#include <ostream>

#include "apps/ajwt/demo/agents.h"
#include "apps/ajwt/demo/dev_info.h"
#include "http/client.h"
#include "lab/attack.h"
#include "lab/scene.h"
#include "shim/key_file.h"

namespace ajwt::demo {
namespace {

// The sample API's calls by step, with bodies that it understands.
lab::StepSpec step_spec(const DemoStep& step) {
  lab::StepSpec spec{.step_id = std::string(step.step_id),
                     .agent_id = std::string(step.agent_id),
                     .tool = std::string(step.tool),
                     .scope = std::string(step.scope),
                     .method = "POST",
                     .path = "",
                     .body = ""};
  if (step.tool == "read_manifest") {
    spec.method = "GET";
    spec.path = "/manifest";
  } else if (step.tool == "query_advisories") {
    spec.path = "/advisories/query";
    spec.body = R"({"packages":[]})";
  } else if (step.tool == "propose_patch") {
    spec.path = "/proposals";
    spec.body = R"({"changes":[]})";
  } else {
    spec.path = "/proposals/prop-1/apply";
    spec.body = R"({"proposal_id":"prop-1"})";
  }
  return spec;
}

Result<lab::Target> load_target(const DevInfo& dev) {
  AJWT_ASSIGN(auto fleet_key, shim::load_key_file(dev.client_key));
  AJWT_ASSIGN(auto registrar_key, shim::load_key_file(dev.registrar_key));
  lab::Target target{.issuer = dev.issuer,
                     .guard_url = dev.guard_url,
                     .audience = std::string(kAudience),
                     .app_id = std::string(kAppId),
                     .workflow_id = std::string(kWorkflowId),
                     .fleet = {std::string(kAppId), std::move(fleet_key)},
                     .registrar = {std::string(kRegistrarId), std::move(registrar_key)},
                     .agent_keys = {},
                     .agents = {},
                     .steps = {},
                     .log_file = dev.log_file};
  for (const auto& [agent, file] : dev.agent_keys) {
    AJWT_ASSIGN(auto key, shim::load_key_file(file));
    target.agent_keys.emplace(agent, std::move(key));
  }
  for (const auto& agent : demo_agents()) target.agents.emplace(agent.agent_id, agent);
  for (const auto& step : demo_steps()) target.steps.push_back(step_spec(step));
  return target;
}

Result<std::vector<const lab::Attack*>> choose(const std::vector<std::string>& names) {
  std::vector<const lab::Attack*> chosen;
  for (const auto& attack : lab::all_attacks()) {
    if (names.empty()) chosen.push_back(&attack);
  }
  for (const auto& name : names) {
    const auto& all = lab::all_attacks();
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& attack) {
      return attack.id == name || attack.name == name;
    });
    if (found == all.end()) return refuse(Code::k_not_found, "attack " + name);
    chosen.push_back(&*found);
  }
  return chosen;
}

json::Object to_json(const lab::Attack& attack, const std::vector<lab::Attempt>& attempts) {
  json::Array list;
  for (const auto& attempt : attempts) {
    list.emplace_back(json::Object{{"sent", attempt.sent},
                                   {"refused_by", attempt.refused_by},
                                   {"expected", attempt.expected},
                                   {"got", attempt.got},
                                   {"status", attempt.status},
                                   {"refused", attempt.refused()}});
  }
  return json::Object{{"id", attack.id},
                      {"name", attack.name},
                      {"title", attack.title},
                      {"story", attack.story},
                      {"attempts", std::move(list)}};
}

void print_attempt(app::Session& session, const lab::Attempt& attempt) {
  const bool colours = session.colours();
  const char* mark = attempt.refused() ? "refused" : "GOT THROUGH";
  const char* paint = attempt.refused() ? "\x1b[32m" : "\x1b[1;31m";
  session.out() << "    " << (colours ? paint : "") << mark << (colours ? "\x1b[0m" : "") << "  "
                << attempt.sent << "\n             by " << attempt.refused_by << ": "
                << (attempt.got.empty() ? "nothing" : attempt.got);
  if (attempt.status != 0) session.out() << " (" << attempt.status << ")";
  if (!attempt.refused()) session.out() << ", expected " << attempt.expected;
  session.out() << std::endl;
}

}  // namespace

Result<int> run_attacks(app::Session& session, const std::filesystem::path& dev_folder,
                        const std::vector<std::string>& names) {
  AJWT_ASSIGN(const auto chosen, choose(names));
  AJWT_ASSIGN(const auto dev, load_dev_info(dev_folder));
  AJWT_ASSIGN(auto target, load_target(dev));
  http::CurlClient http;
  const SystemClock clock;
  lab::Scene scene(std::move(target), http, clock);

  json::Array report;
  int total = 0;
  int through = 0;
  for (const auto* attack : chosen) {
    AJWT_ASSIGN(const auto attempts, attack->run(scene));
    total += static_cast<int>(attempts.size());
    through += static_cast<int>(std::count_if(attempts.begin(), attempts.end(),
                                              [](const auto& tried) { return !tried.refused(); }));
    if (session.is_json()) {
      report.emplace_back(to_json(*attack, attempts));
      continue;
    }
    session.out() << "\n  " << attack->id << "  " << attack->title << "\n      " << attack->story
                  << "\n";
    for (const auto& attempt : attempts) print_attempt(session, attempt);
  }
  if (session.is_json()) {
    session.print_json(json::Object{
        {"attacks", std::move(report)}, {"attempts", total}, {"got_through", through}});
  } else {
    session.out() << "\n  " << chosen.size() << " attacks, " << total << " attempts, "
                  << (total - through) << " refused for the expected reason, " << through
                  << " got through. Each attack's honest twin worked.\n";
  }
  return through;
}

}  // namespace ajwt::demo
