// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token explain`: what a token permits, in words, and why it would be refused now.
#include <ostream>

#include "apps/ajwt/commands/token.h"
#include "apps/ajwt/explain/explain.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
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

std::string until_expiry(const AccessToken& token, Instant now) {
  if (token.exp <= now) return "nothing new is minted for it";
  return "nothing new is minted for it; guards take this token until it expires " +
         relative_text(token.exp, now);
}

LiveFact untold(std::string what, const Error& error) {
  return {std::move(what), "unknown", "not told: " + std::string(error.reason().name)};
}

LiveFact registration_fact(const AccessToken& token, const json::Object& agent, Instant now) {
  const std::string& id = token.agent_proof->registration_id.str();
  LiveFact fact{"registration " + id, "unknown to the authority", until_expiry(token, now)};
  const json::Array* versions = agent.find_array("versions");
  if (versions == nullptr) return fact;
  for (const json::Value& row : *versions) {
    const json::Object* version = row.find_object();
    if (version == nullptr || version->text(names::kRegistrationId) != id) continue;
    fact.state = version->text(names::kStatus);
    const bool stands = fact.state == "registered" || fact.state == "verified";
    fact.effect = stands ? std::string() : until_expiry(token, now);
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
                   state == "open" ? std::string() : until_expiry(token, now)});
  const json::Array* steps = execution.find_array(names::kSteps);
  if (steps == nullptr) return;
  for (const json::Value& row : *steps) {
    const json::Object* record = row.find_object();
    if (record == nullptr || record->text(names::kStepId) != step.workflow_step.str()) continue;
    const std::string status = record->text(names::kStatus);
    facts.push_back({"step " + step.workflow_step.str(), status,
                     status == "active" ? std::string() : until_expiry(token, now)});
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

std::string joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& item : texts) text += (text.empty() ? "" : ", ") + item;
  return text;
}

// permits_of says in words what the token is good for.
json::Object permits_of(const Explanation& explanation, Instant now) {
  const AccessToken& token = explanation.token;
  json::Object permits{{"kind", token.is_intent_token() ? "intent token" : "access token"},
                       {"who", token.sub},
                       {"application", token.client_id.str()}};
  if (token.agent_proof) permits.set("registration", token.agent_proof->registration_id.str());
  if (token.intent) {
    const std::string& initiator = token.intent->initiated_by;
    permits.set("for_whom", initiator + (initiator.starts_with("app:") ? " (unattended)" : ""));
    if (!token.intent->delegators.empty()) {
      permits.set("through", joined(token.intent->delegators));
    }
  }
  permits.set("where", token.aud);
  permits.set("scope", join_scopes(token.scope));
  permits.set("tool", token.tool.value_or(token.is_intent_token() ? "any of its scopes" : "-"));
  if (token.intent && token.intent->step) {
    const IntentClaims::Step& step = *token.intent->step;
    permits.set("step", step.workflow_step.str() + " of workflow " + step.workflow_id.str() +
                            " version " + std::to_string(step.workflow_version));
    permits.set("execution", step.execution_id.str());
  }
  permits.set("until", time_text(token.exp) + " (" + relative_text(token.exp, now) + ")");
  permits.set("key", token.cnf_jkt);
  return permits;
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
                  << (explanation.open_routes.empty() ? "none"
                                                      : printable(joined(explanation.open_routes)))
                  << '\n';
  }
  session.out() << "every request needs a fresh proof by key "
                << printable(explanation.token.cnf_jkt) << ": without it the token opens nothing\n";
  if (explanation.causes.empty()) {
    session.out() << (options.request.empty() ? "nothing in the token itself is refused now\n"
                                              : "with that proof this request passes now\n");
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
  if (options.token == "-" && options.keys.jwks == "-") {
    return refuse(Code::k_parameter_malformed, "Only one input can be standard input.");
  }
  AJWT_ASSIGN(const std::string text, read_token_input(options.token));
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
    ask_registration(session, explanation->token, now, live);
    ask_execution(session, explanation->token, now, live);
  }
  if (!explanation->causes.empty()) session.finish(ExitCode::kDenied);
  const json::Object permits = permits_of(*explanation, now);
  if (!session.is_json()) {
    print_words(session, *explanation, permits, live, options);
    return ok();
  }
  json::Object out{{"permits", permits},
                   {"proof_needed_by", explanation->token.cnf_jkt},
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
