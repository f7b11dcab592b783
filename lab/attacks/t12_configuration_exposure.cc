// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "jose/peek.h"
#include "json/write.h"
#include "lab/attacks.h"
#include "lab/scene.h"
#include "protocol/access_token.h"
#include "protocol/names.h"

namespace ajwt::lab {
namespace {

// What must not be seen: every line of every prompt, and every tool's description.
std::vector<std::string> private_texts(const Target& target) {
  std::vector<std::string> texts;
  for (const auto& [id, agent] : target.agents) {
    std::istringstream prompt(agent.prompt_template);
    for (std::string line; std::getline(prompt, line);) texts.push_back(line);
    for (const auto& tool : agent.tools) texts.push_back(tool.description);
  }
  return texts;
}

// compare is an attempt to see what must not be there.
Attempt compare(std::string what, bool nothing_seen) {
  return Attempt{.sent = std::move(what),
                 .refused_by = "inspection",
                 .expected = "nothing_exposed",
                 .got = nothing_seen ? "nothing_exposed" : "",
                 .status = 0};
}

// without_decision returns status and body of an answer, but for what differs each time.
std::pair<int, std::string> without_decision(const Answer& answer) {
  json::Object body = answer.body;
  body.remove(names::kDecisionId);
  return {answer.status, json::write(json::Value(body))};
}

// inspect tells whether a text that others can see holds something private.
Attempt inspect(const Target& target, std::string what, const std::string& text) {
  const auto texts = private_texts(target);
  const bool exposed = std::any_of(texts.begin(), texts.end(), [&](const auto& secret) {
    return text.find(secret) != std::string::npos;
  });
  return compare(std::move(what), !exposed);
}

Result<std::string> read_log(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return refuse(Code::k_io_failed, path);
  return std::move(text).str();
}

Result<std::vector<Attempt>> run_t12(Scene& scene) {
  const Target& target = scene.target();
  AJWT_ASSIGN(const auto execution, scene.open_execution());
  AJWT_ASSIGN(const auto token, scene.take("read_manifest", execution));
  AJWT_TRY(scene.call_step("read_manifest", token));
  // The owner reads its own registrations in the way that is refused for others' below.
  const std::string scope(names::kScopeMint);
  const std::string agents = "/intent/agents/";
  AJWT_ASSIGN(const auto own, scene.get_with_token(agents + target.app_id, target.fleet, scope));
  AJWT_TRY(expect_allowed(own, "the application's own registrations"));

  std::vector<Attempt> attempts;
  AJWT_ASSIGN(const json::Object claims, jose::peek_payload(token, kMaxTokenBytes));
  attempts.push_back(inspect(target, "reading a decoded token", json::write(claims)));
  MintParts wrong = scene.mint_parts("read_manifest", execution);
  wrong.checksum = "strict-sha256:" + std::string(64, '0');
  AJWT_ASSIGN(const auto error, scene.mint(wrong));
  attempts.push_back(inspect(target, "reading the error of a wrong checksum", error.text));
  AJWT_ASSIGN(const auto metrics, scene.get(target.issuer + "/metrics"));
  AJWT_TRY(expect_allowed(metrics, "the metrics"));
  attempts.push_back(inspect(target, "reading the metrics", metrics.text));
  if (!target.log_file.empty()) {
    AJWT_ASSIGN(const auto log, read_log(target.log_file));
    if (log.empty()) return refuse(Code::k_io_failed, "the log is empty: " + target.log_file);
    attempts.push_back(inspect(target, "reading the system's log", log));
  }

  AJWT_ASSIGN(const auto other, scene.get_with_token(agents + "ajwt-admin", target.fleet, scope));
  attempts.push_back(
      attempt("another application's registrations", "authority", Code::k_not_found, other));
  AJWT_ASSIGN(const auto missing, scene.get_with_token(agents + "nobody", target.fleet, scope));
  attempts.push_back(compare("another application told apart from one that is not there",
                             without_decision(other) == without_decision(missing)));
  AJWT_ASSIGN(const auto anonymous, scene.get(target.issuer + agents + target.app_id));
  attempts.push_back(attempt("the registrations without any credential", "authority",
                             Code::k_token_required, anonymous));
  return attempts;
}

}  // namespace

Attack t12_configuration_exposure() {
  return {.id = "T12",
          .name = "t12-configuration-exposure",
          .title = "Agent configuration exposure",
          .story =
              "Someone looks for prompts and tools in tokens, errors, metrics, logs and the "
              "registry. Prompts are sealed at rest and readable by their owner alone.",
          .run = run_t12};
}

}  // namespace ajwt::lab
