// SPDX-License-Identifier: Apache-2.0
//
// `ajwt health`: does the authority, and the guard of `ajwt dev`, answer that it is ready.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "files/private_file.h"
#include "http/client.h"
#include "json/parse.h"

namespace ajwt::app {
namespace {

constexpr Seconds kPatience{3};

struct HealthOptions {
  std::string url;
  std::string guard;
  std::vector<std::string> management;
  std::string ca_file;
};

struct Part {
  std::string name;
  std::string url;  // of the readiness check
};

void declare(CLI::App& command, HealthOptions& options) {
  command
      .add_option("--url", options.url,
                  "The authority (AJWT_AUTHORITY); default: that of ./.ajwt-dev, with its guard")
      ->type_name("URL");
  command.add_option("--guard", options.guard, "A guard to ask too")->type_name("URL");
  command
      .add_option("--management", options.management,
                  "A management address to ask, of an authority or a guard; may be repeated")
      ->type_name("URL");
  command
      .add_option("--ca-file", options.ca_file,
                  "Certificate authorities to trust instead of the system's, PEM")
      ->envname("AJWT_CA_FILE")
      ->type_name("FILE");
}

Part authority_part(const std::string& url) { return {"authority", url + "/health/ready"}; }
Part management_part(const std::string& url) { return {"management", url + "/health/ready"}; }
Part guard_part(const std::string& url) { return {"guard", url + "/-/health/ready"}; }

Result<std::vector<Part>> find_parts(const HealthOptions& options) {
  std::vector<Part> parts;
  for (const std::string& management : options.management) {
    parts.push_back(management_part(management));
  }
  const bool asked = !parts.empty();
  const std::optional<std::string> url = !options.url.empty() ? std::optional(options.url)
                                         : asked              ? std::nullopt
                                                 : process_environment()("AJWT_AUTHORITY");
  if (url) parts.push_back(authority_part(*url));
  if (!options.guard.empty()) parts.push_back(guard_part(options.guard));
  if (!parts.empty()) return parts;
  const std::string file = ".ajwt-dev/dev.json";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return refuse(Code::k_network_failed,
                  "Nothing runs in this folder: start `ajwt dev`, or give --url.");
  }
  AJWT_ASSIGN(const Secret text, files::read_private_file(file));
  AJWT_ASSIGN(const json::Object dev, json::parse_object(text.reveal()));
  parts.push_back(authority_part(dev.text("issuer")));
  parts.push_back(guard_part(dev.text("guard_url")));
  return parts;
}

// why_not returns what an answer says is in the way: the parts that are down, each with its reason.
std::string why_not(const HttpResponse& response) {
  const auto body = json::parse_object(response.body);
  if (!body) return "status " + std::to_string(response.status);
  std::string parts;
  if (const json::Object* components = body->find_object("components")) {
    for (const auto& [name, value] : components->members()) {
      const json::Object* part = value.find_object();
      if (part == nullptr || part->text("status") == "up") continue;
      parts += (parts.empty() ? "" : ", ") + name + ": " + part->text("reason");
      if (const std::string cause = part->text("cause"); !cause.empty()) {
        parts += " (" + cause + ")";
      }
    }
  }
  if (!parts.empty()) return parts;
  const std::string reason = body->text("reason");
  return reason.empty() ? "status " + std::to_string(response.status) : reason;
}

// status_of returns "ready", or what is in the way.
std::string status_of(HttpClient& http, const Part& part) {
  const auto response = http.send(
      {.method = "GET", .url = part.url, .headers = {}, .body = {}, .timeout = kPatience});
  if (!response) return "no answer";
  if (response->status == 200) return "ready";
  return "not ready: " + why_not(*response);
}

Status run(Session& session, const HealthOptions& options) {
  AJWT_ASSIGN(const std::vector<Part> parts, find_parts(options));
  http::CurlClientOptions http_options;
  http_options.ca_file = options.ca_file;
  http::CurlClient http(http_options);
  json::Array rows;
  for (const Part& part : parts) {
    const std::string status = status_of(http, part);
    if (status != "ready") session.finish(ExitCode::kUnavailable);
    rows.emplace_back(json::Object{{"part", part.name}, {"url", part.url}, {"status", status}});
  }
  session.print_rows({"part", "status", "url"}, rows);
  return ok();
}

}  // namespace

void add_health_command(CLI::App& root, Session& session) {
  add_verb<HealthOptions>(
      root, session,
      {.name = "health",
       .summary = "Ask whether authority and guard are ready; exit 6 if not.",
       .examples = {"ajwt health", "ajwt health --url https://as.example.com -o json"}},
      declare, run);
}

}  // namespace ajwt::app
