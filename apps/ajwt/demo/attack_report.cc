// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/attack_report.h"

#include <algorithm>
#include <ostream>

#include "apps/ajwt/demo/agents.h"
#include "files/key_file.h"
#include "http/client.h"
#include "lab/attack.h"

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
    spec.path = "/proposals/{proposal_id}/apply";  // of the honest proposal before it
    spec.body = R"({"proposal_id":"{proposal_id}"})";
  }
  return spec;
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

// Outcome is what came of one attack: its attempts, or why it proves nothing.
using Outcome = Result<std::vector<lab::Attempt>>;

json::Object to_json(const lab::Attack& attack, const Outcome& outcome) {
  json::Object report{
      {"id", attack.id}, {"name", attack.name}, {"title", attack.title}, {"story", attack.story}};
  if (!outcome) {
    report.set("failure", json::Object{{"reason", outcome.error().reason().name},
                                       {"description", outcome.error().describe()}});
    return report;
  }
  json::Array list;
  for (const auto& attempt : *outcome) {
    list.emplace_back(json::Object{{"sent", attempt.sent},
                                   {"refused_by", attempt.refused_by},
                                   {"expected", attempt.expected},
                                   {"got", attempt.got},
                                   {"status", attempt.status},
                                   {"refused", attempt.refused()}});
  }
  report.set("attempts", std::move(list));
  return report;
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

void print_outcome(app::Session& session, const lab::Attack& attack, const Outcome& outcome) {
  session.out() << "\n  " << attack.id << "  " << attack.title << "\n      " << attack.story
                << "\n";
  if (outcome) {
    for (const auto& attempt : *outcome) print_attempt(session, attempt);
    return;
  }
  const bool colours = session.colours();
  session.out() << "    " << (colours ? "\x1b[1;31m" : "") << "NOTHING PROVEN"
                << (colours ? "\x1b[0m" : "")
                << "  the legitimate use failed: " << outcome.error().reason().name << ": "
                << outcome.error().describe() << std::endl;
}

// Tally counts what the attacks came to.
struct Tally {
  std::size_t attacks = 0;
  std::size_t attempts = 0;
  std::size_t got_through = 0;
  std::size_t failed = 0;  // attacks whose honest twin did not work

  void add(const Outcome& outcome) {
    ++attacks;
    if (!outcome) {
      ++failed;
      return;
    }
    attempts += outcome->size();
    got_through += static_cast<std::size_t>(std::count_if(
        outcome->begin(), outcome->end(), [](const auto& tried) { return !tried.refused(); }));
  }
};

void print_tally(app::Session& session, const Tally& tally) {
  session.out() << "\n  " << tally.attacks << (tally.attacks == 1 ? " attack, " : " attacks, ")
                << tally.attempts << " attempts, " << (tally.attempts - tally.got_through)
                << " refused for the expected reason, " << tally.got_through << " got through. ";
  if (tally.failed == 0) {
    session.out() << "Each attack's honest twin worked.\n";
  } else {
    session.out() << tally.failed << " prove nothing, since their honest twin failed.\n";
  }
}

}  // namespace

Result<lab::Target> load_target(const DevInfo& dev) {
  AJWT_ASSIGN(auto fleet_key, files::load_key_file(dev.client_key));
  AJWT_ASSIGN(auto registrar_key, files::load_key_file(dev.registrar_key));
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
    AJWT_ASSIGN(auto key, files::load_key_file(file));
    target.agent_keys.emplace(agent, std::move(key));
  }
  for (const auto& agent : demo_agents()) target.agents.emplace(agent.agent_id, agent);
  for (const auto& step : demo_steps()) target.steps.push_back(step_spec(step));
  return target;
}

Result<bool> run_attacks(app::Session& session, const std::filesystem::path& dev_folder,
                         const std::vector<std::string>& names) {
  AJWT_ASSIGN(const auto chosen, choose(names));
  AJWT_ASSIGN(const auto dev, load_dev_info(dev_folder));
  AJWT_ASSIGN(auto target, load_target(dev));
  http::CurlClient http;
  const SystemClock clock;
  lab::Scene scene(std::move(target), http, clock);

  json::Array report;
  Tally tally;
  for (const auto* attack : chosen) {
    const Outcome outcome = attack->run(scene);
    tally.add(outcome);
    if (session.is_json()) {
      report.emplace_back(to_json(*attack, outcome));
    } else {
      print_outcome(session, *attack, outcome);
    }
  }
  if (session.is_json()) {
    session.print_json(json::Object{{"attacks", std::move(report)},
                                    {"attempts", static_cast<std::int64_t>(tally.attempts)},
                                    {"got_through", static_cast<std::int64_t>(tally.got_through)},
                                    {"failed", static_cast<std::int64_t>(tally.failed)}});
  } else {
    print_tally(session, tally);
  }
  return tally.got_through == 0 && tally.failed == 0;
}

}  // namespace ajwt::demo
