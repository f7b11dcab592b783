// SPDX-License-Identifier: Apache-2.0
//
// `ajwt doctor`: is everything set up so that requests will be accepted, and which promises hold.
#include <algorithm>
#include <ostream>

#include "apps/ajwt/demo/agents.h"
#include "apps/ajwt/demo/dev_info.h"
#include "apps/ajwt/doctor/checks.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/guard_input.h"
#include "apps/ajwt/support/profile.h"
#include "base/clock.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

struct DoctorOptions {
  std::vector<std::string> guards;
  std::string guard_config;
  std::string request;
};

void declare(CLI::App& command, DoctorOptions& options) {
  command
      .add_option("--guard", options.guards,
                  "A guard to look at, as clients address it; repeatable; default: that of "
                  "./.ajwt-dev")
      ->expected(1)
      ->take_all()
      ->type_name("URL");
  command
      .add_option("--guard-config", options.guard_config,
                  "The file that the guard should be running with")
      ->type_name("FILE");
  command
      .add_option("--request", options.request,
                  "A GET route of the guard's policy to try doors at; default: from --guard-config")
      ->type_name("\"GET /path\"");
}

// find_authority returns the profile, or, where nothing but an address is known, that alone.
Result<Profile> find_authority(const Session& session) {
  auto profile = resolve_profile(session.profile, process_environment(), Role::kAdministrator);
  if (profile || profile.error().code() != Code::k_parameter_missing) return profile;
  auto authority = session.profile.authority ? session.profile.authority
                                             : process_environment()("AJWT_AUTHORITY");
  const bool half = session.profile.client_id || session.profile.key;
  if (!authority || half) return profile;
  while (authority->ends_with('/')) authority->pop_back();
  const auto ca_file =
      session.profile.ca_file ? session.profile.ca_file : process_environment()("AJWT_CA_FILE");
  return Profile{.issuer = *std::move(authority),
                 .client_id = {},
                 .key_file = {},
                 .ca_file = ca_file.value_or(""),
                 .app_id = std::nullopt};
}

// safe_probe takes what does no harm where a guard fails to stop it.
Result<Probe> safe_probe(std::string_view text) {
  AJWT_ASSIGN(const RequestLine line, parse_request_line(text));
  if (line.method != "GET" && line.method != "HEAD") {
    return refuse(Code::k_parameter_malformed, "--request: only GET and HEAD are sent.");
  }
  return Probe{line.method, line.path};
}

std::optional<Probe> find_probe(const guard::Policy& policy) {
  const auto& routes = policy.routes();
  const auto safe = std::find_if(routes.begin(), routes.end(), [](const guard::Route& route) {
    return (route.method == "GET" || route.method == "HEAD") &&
           route.profile == guard::TokenProfile::kStrict;
  });
  if (safe == routes.end()) return std::nullopt;
  std::string path;
  bool in_parameter = false;
  for (const char c : safe->path) {
    if (c == '{') path += "doctor";
    in_parameter = c == '{' || (in_parameter && c != '}');
    if (!in_parameter && c != '}') path += c;
  }
  return Probe{safe->method, path};
}

Result<std::vector<GuardTarget>> dev_guard(const Profile& profile) {
  std::vector<GuardTarget> guards;
  if (!profile.app_id) return guards;
  const auto dev = demo::load_dev_info(demo::default_dev_folder());
  if (!dev || dev->issuer != profile.issuer) return guards;
  AJWT_ASSIGN(const auto policy, guard::Policy::parse(demo::demo_policy()));
  guards.push_back({.url = dev->guard_url,
                    .file = gateway::GuardOptions{.issuer = dev->issuer,
                                                  .audience = std::string(demo::kAudience),
                                                  .public_url = dev->guard_url,
                                                  .policy = policy},
                    .probe = find_probe(policy)});
  return guards;
}

Result<std::vector<GuardTarget>> find_guards(const DoctorOptions& options, const Profile& profile) {
  std::optional<gateway::GuardOptions> file;
  if (!options.guard_config.empty()) {
    AJWT_ASSIGN(file, load_guard_config(options.guard_config));
  }
  std::vector<std::string> urls = options.guards;
  if (urls.empty() && file) urls.push_back(file->public_url);
  if (urls.empty()) return dev_guard(profile);
  std::vector<GuardTarget> guards;
  for (std::string& url : urls) {
    while (url.ends_with('/')) url.pop_back();
    AJWT_TRY(check_plain_http(url));
    GuardTarget guard{.url = url};
    if (file && (urls.size() == 1 || url == file->public_url)) {
      guard.file = *file;
      guard.probe = find_probe(file->policy);
    }
    if (!options.request.empty()) {
      AJWT_ASSIGN(guard.probe, safe_probe(options.request));
    }
    guards.push_back(std::move(guard));
  }
  return guards;
}

void print_lines(Session& session, const std::vector<Finding>& findings) {
  std::size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.check.size());
  std::string_view about = " ";
  for (const Finding& finding : findings) {
    if (finding.about != about) {
      about = finding.about;
      session.out() << "# " << (about.empty() ? "promises (protocol 1)" : printable(about)) << '\n';
    }
    std::string verdict(name(finding.judgement.verdict));
    verdict.resize(name(Verdict::kUnknown).size(), ' ');
    std::string check(finding.check);
    check.resize(width, ' ');
    session.out() << verdict << "  " << check << "  " << printable(finding.judgement.found) << '\n';
    if (finding.judgement.next.empty()) continue;
    session.out() << std::string(verdict.size(), ' ')
                  << "  next: " << printable(finding.judgement.next) << '\n';
  }
}

Status run(Session& session, const DoctorOptions& options) {
  AJWT_ASSIGN(const Profile profile, find_authority(session));
  AJWT_TRY(check_plain_http(profile.issuer));
  AJWT_ASSIGN(std::vector<GuardTarget> guards, find_guards(options, profile));
  DoctorTarget target{.authority = profile.issuer,
                      .guards = std::move(guards),
                      .ask_status = {},
                      .ca_file = profile.ca_file};
  if (!profile.client_id.empty()) {
    target.ask_status = [&session]() -> Result<json::Object> {
      AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
      return connection->get("/admin/status", {std::string(names::kScopeAdminAudit),
                                               std::string(names::kScopeAdminKeys)});
    };
  }
  http::CurlClientOptions http_options;
  http_options.ca_file = profile.ca_file;
  http::CurlClient http(http_options);
  const std::vector<Finding> findings = examine(gather(target, http, SystemClock()));
  session.finish(exit_code_of(findings));
  if (session.is_json()) {
    json::Array rows;
    for (const Finding& finding : findings) rows.emplace_back(to_json(finding));
    session.print_json(json::Object{{"findings", std::move(rows)}});
    return ok();
  }
  print_lines(session, findings);
  return ok();
}

}  // namespace

void add_doctor_command(CLI::App& root, Session& session) {
  add_verb<DoctorOptions>(
      root, session,
      {.name = "doctor",
       .summary =
           "Look at authority, guards, proxies and clocks; say which promises hold. Exit 0 "
           "if nothing fails, 8 if a guard lets something through, 6 if one does not answer.",
       .examples = {"ajwt doctor",
                    "ajwt doctor --profile admin.json --guard https://api.example.com "
                    "--guard-config guard.toml",
                    "ajwt doctor --authority https://as.example.com -o json"},
       .reaches = Reaches::kAuthority},
      declare, run);
}

}  // namespace ajwt::app
