// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token explain`: what a token permits, in words, and why it would be refused now.
#include <ostream>

#include "apps/ajwt/commands/token.h"
#include "apps/ajwt/explain/explain.h"
#include "apps/ajwt/explain/permits.h"
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "apps/ajwt/support/time_text.h"
#include "apps/ajwt/support/token_keys.h"
#include "base/clock.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::app {
namespace {

struct ExplainOptions {
  std::string token;
  std::string issuer;
  TokenKeyOptions keys;
  std::string guard_config;
  std::string request;
  bool offline = false;
};

void declare_explain(CLI::App& command, ExplainOptions& options) {
  command.add_option("TOKEN", options.token, "An access or intent token; - is standard input")
      ->required();
  command
      .add_option("--issuer", options.issuer,
                  "Who must have issued it; default: of --guard-config, else of the profile")
      ->type_name("URL");
  declare_jwks(command, options.keys);
  command
      .add_option("--guard-config", options.guard_config, "Judge by the rules of this guard's file")
      ->type_name("FILE");
  command.add_option("--request", options.request, "Judge this request; needs --guard-config")
      ->type_name("\"POST https://api.example/path\"");
  command.add_flag("--offline", options.offline,
                   "Do not ask the authority how agent, execution and step stand now");
}

// Fact is one line of what the authority says of things that the token names.
struct LiveFact {
  std::string what;
  std::string state;
  std::string effect;  // empty: none
};

std::string until_expiry(Instant exp, Instant now) {
  if (exp <= now) return "nothing new is minted for it";
  return "nothing new is minted for it; guards take this token until it expires " +
         relative_text(exp, now);
}

LiveFact untold(std::string what, const Error& error) {
  return {std::move(what), "unknown", "not told: " + std::string(error.reason().name)};
}

LiveFact registration_fact(const AccessToken& token, const json::Object& agent, Instant now) {
  const std::string& id = token.agent_proof->registration_id.str();
  LiveFact fact{"registration " + id, "unknown to the authority", until_expiry(token.exp, now)};
  const json::Array* versions = agent.find_array("versions");
  if (versions == nullptr) return fact;
  for (const json::Value& row : *versions) {
    const json::Object* version = row.find_object();
    if (version == nullptr || version->text(names::kRegistrationId) != id) continue;
    fact.state = version->text(names::kStatus);
    const bool stands = fact.state == "registered" || fact.state == "verified";
    fact.effect = stands ? std::string() : until_expiry(token.exp, now);
    if (fact.state == "updated") fact.effect = "a newer version stands: " + fact.effect;
    return fact;
  }
  return fact;
}

void ask_registration(Session& session, const AccessToken& token, Instant now,
                      std::vector<LiveFact>& facts) {
  const auto agent = AgentName::parse(token.sub);
  if (!agent || !token.agent_proof) return;
  const auto answer = [&]() -> Result<json::Object> {
    AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
    return connection->get("/intent/agents/" + path_segment(agent->app_id.str()) + "/" +
                               path_segment(agent->agent_id.str()),
                           {std::string(names::kScopeAdminAgents), std::string(names::kScopeMint),
                            std::string(names::kScopeRegisterAgent)});
  }();
  facts.push_back(
      answer ? registration_fact(token, *answer, now)
             : untold("registration " + token.agent_proof->registration_id.str(), answer.error()));
}

void add_execution_facts(const AccessToken& token, const json::Object& execution, Instant now,
                         std::vector<LiveFact>& facts) {
  const IntentClaims::Step& step = *token.intent->step;
  const std::string state = execution.text(names::kStatus);
  facts.push_back({"execution " + step.execution_id.str(), state,
                   state == "open" ? std::string() : until_expiry(token.exp, now)});
  const json::Array* steps = execution.find_array(names::kSteps);
  if (steps == nullptr) return;
  for (const json::Value& row : *steps) {
    const json::Object* record = row.find_object();
    if (record == nullptr || record->text(names::kStepId) != step.workflow_step.str()) continue;
    const std::string status = record->text(names::kStatus);
    facts.push_back({"step " + step.workflow_step.str(), status,
                     status == "active" ? std::string() : until_expiry(token.exp, now)});
  }
}

void ask_execution(Session& session, const AccessToken& token, Instant now,
                   std::vector<LiveFact>& facts) {
  if (!token.intent || !token.intent->step) return;
  const std::string id = token.intent->step->execution_id.str();
  const auto answer = [&]() -> Result<json::Object> {
    AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kApplication));
    return connection->get("/intent/executions/" + path_segment(id),
                           {std::string(names::kScopeMint)});
  }();
  if (!answer) return facts.push_back(untold("execution " + id, answer.error()));
  add_execution_facts(token, *answer, now, facts);
}

void ask_authority(Session& session, const AccessToken& token, Instant now,
                   std::vector<LiveFact>& facts) {
  ask_registration(session, token, now, facts);
  ask_execution(session, token, now, facts);
}

// An agent of profile draft-00 has a permission, which an administrator may have ended.
void ask_authority(Session& session, const DraftToken& token, Instant now,
                   std::vector<LiveFact>& facts) {
  if (!token.agent) return;
  LiveFact fact{"agent " + token.sub + " of profile draft-00", "unknown to the authority",
                until_expiry(token.exp, now)};
  const auto agents = [&]() -> Result<json::Array> {
    AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
    AJWT_ASSIGN(const json::Object answer,
                connection->get("/admin/draft-00/" + path_segment(token.client_id.str()),
                                {std::string(names::kScopeAdminAgents)}));
    return get_rows(answer, "agents");
  }();
  if (!agents) return facts.push_back(untold(fact.what, agents.error()));
  for (const json::Value& row : *agents) {
    if (row.as_object().text(names::kAgentId) != token.sub) continue;
    fact.state = row.as_object().text(names::kStatus);
    if (fact.state != "open") continue;
    const std::string newest = row.as_object().text(names::kRegistrationId);
    if (newest == token.agent->registration_id.str()) {
      fact.effect.clear();
    } else {
      fact.state = "open, and registered anew as " + newest;
    }
  }
  facts.push_back(std::move(fact));
}

json::Array write_causes(const std::vector<Cause>& causes) {
  json::Array rows;
  for (const Cause& cause : causes) {
    rows.emplace_back(json::Object{
        {"rule", cause.rule}, {"reason", reason_of(cause.code).name}, {"differs", cause.differs}});
  }
  return rows;
}

json::Array write_live(const std::vector<LiveFact>& facts) {
  json::Array rows;
  for (const LiveFact& fact : facts) {
    rows.emplace_back(
        json::Object{{"what", fact.what}, {"state", fact.state}, {"effect", fact.effect}});
  }
  return rows;
}

void print_words(Session& session, const Explanation& explanation, const json::Object& permits,
                 const std::vector<LiveFact>& live, const ExplainOptions& options) {
  session.out() << "it permits\n";
  session.print_fields(permits);
  if (!options.guard_config.empty()) {
    session.out() << "routes of the guard that it opens: "
                  << (explanation.open_routes.empty()
                          ? "none"
                          : printable(comma_list(explanation.open_routes)))
                  << '\n';
  }
  for (const std::string& condition : conditions_of(explanation.token)) {
    session.out() << printable(condition) << '\n';
  }
  if (explanation.causes.empty()) {
    session.out() << (options.request.empty() ? "nothing in the token itself is refused now\n"
                                              : "with that, this request passes now\n");
  } else {
    session.out() << "refused now\n";
    session.print_rows({"rule", "reason", "differs"}, write_causes(explanation.causes));
  }
  if (live.empty()) return;
  session.out() << "at the authority now\n";
  session.print_rows({"what", "state", "effect"}, write_live(live));
}

struct Judging {
  std::string issuer;
  std::string ca_file;
  bool can_ask = false;  // a profile of the same issuer is there
  std::optional<gateway::GuardOptions> guard;
  std::optional<RequestLine> request;
};

// find_issuer never takes the token's own word: the keys of whoever it names would verify it.
Result<Judging> prepare(const Session& session, const ExplainOptions& options) {
  Judging judging;
  if (!options.request.empty() && options.guard_config.empty()) {
    return refuse(Code::k_parameter_missing, "--guard-config: a request is judged by its routes");
  }
  if (!options.guard_config.empty()) {
    AJWT_ASSIGN(judging.guard, load_guard_config(options.guard_config));
  }
  if (!options.request.empty()) {
    AJWT_ASSIGN(judging.request, parse_request_line(options.request));
  }
  const auto profile =
      resolve_profile(session.profile, process_environment(), Role::kAdministrator);
  judging.issuer = options.issuer;
  if (judging.issuer.empty() && judging.guard) judging.issuer = judging.guard->issuer;
  if (judging.issuer.empty() && profile) judging.issuer = profile->issuer;
  if (judging.issuer.empty()) {
    return refuse(Code::k_parameter_missing, "--issuer: whose token it must be");
  }
  judging.ca_file = profile ? profile->ca_file : session.profile.ca_file.value_or("");
  judging.can_ask = profile && profile->issuer == judging.issuer && !options.offline;
  return judging;
}

Status run_explain(Session& session, const ExplainOptions& options) {
  AJWT_ASSIGN(const std::string text, read_token(options.token, options.keys));
  AJWT_ASSIGN(const Judging judging, prepare(session, options));
  TokenKeyOptions key_options = options.keys;
  key_options.ca_file = judging.ca_file;
  AJWT_ASSIGN(const jose::KeySet keys, load_token_keys(key_options, judging.issuer));
  const Instant now = SystemClock().now();
  const auto explanation = explain({.token = text,
                                    .keys = keys,
                                    .issuer = judging.issuer,
                                    .guard = judging.guard ? &*judging.guard : nullptr,
                                    .request = judging.request ? &*judging.request : nullptr,
                                    .now = now});
  if (!explanation) {
    session.fail(explanation.error(), "ajwt token inspect - shows what it claims, unverified");
    session.finish(ExitCode::kDenied);
    return ok();
  }
  std::vector<LiveFact> live;
  if (judging.can_ask) {
    std::visit([&](const auto& token) { ask_authority(session, token, now, live); },
               explanation->token);
  }
  if (!explanation->causes.empty()) session.finish(ExitCode::kDenied);
  const json::Object permits = permits_of(explanation->token, now);
  if (!session.is_json()) {
    print_words(session, *explanation, permits, live, options);
    return ok();
  }
  const auto* bound = std::get_if<AccessToken>(&explanation->token);
  json::Object out{
      {"permits", permits},
      {"conditions", json::string_array(conditions_of(explanation->token))},
      {"proof_needed_by", bound == nullptr ? json::Value() : json::Value(bound->cnf_jkt)},
      {"refused", !explanation->causes.empty()},
      {"causes", write_causes(explanation->causes)},
      {"live", write_live(live)}};
  if (judging.guard) out.set("open_routes", json::string_array(explanation->open_routes));
  session.print_json(std::move(out));
  return ok();
}

}  // namespace

void add_token_explain(CLI::App& token, Session& session) {
  add_verb<ExplainOptions>(
      token, session,
      {.name = "explain",
       .summary = "Say what a token permits and why it would be refused now; exit 3 if it would.",
       .examples = {"ajwt token explain - < token.txt",
                    "ajwt token explain - --guard-config guard.toml --request \"POST "
                    "https://api.example.com/orders\" < token.txt",
                    "ajwt token explain - --issuer https://as.example.com --jwks jwks.json "
                    "--offline -o json < token.txt"},
       .reaches = Reaches::kAuthority},
      declare_explain, run_explain);
}

}  // namespace ajwt::app
