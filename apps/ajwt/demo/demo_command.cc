// SPDX-License-Identifier: Apache-2.0
//
// `ajwt demo run` and `ajwt demo attack`.
#include <CLI/CLI.hpp>

#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "apps/ajwt/demo/attack_report.h"
#include "apps/ajwt/demo/job.h"
#include "apps/ajwt/demo/samples.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "base/clock.h"
#include "http/client.h"

namespace ajwt::app {
namespace {

constexpr std::uintmax_t kMaxInputBytes = 16U * 1024 * 1024;

struct RunOptions {
  std::string folder = demo::default_dev_folder().string();
  std::string manifest;
  std::string advisories;
};

Result<std::string> read_text(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return refuse(Code::k_io_failed, path + ": " + error.message());
  if (size > kMaxInputBytes)
    return refuse(Code::k_limit_exceeded, path + " is larger than 16 MiB.");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return refuse(Code::k_io_failed, path);
  return std::move(text).str();
}

Result<demo::ManifestUpload> choose_manifest(const RunOptions& options) {
  demo::ManifestUpload upload{"package.json", std::string(demo::sample_package_json()),
                              std::string(demo::sample_advisories_json())};
  if (options.manifest == "debian") {
    upload.file_name = "packages.txt";
    upload.manifest = demo::sample_packages_txt();
  } else if (!options.manifest.empty()) {
    upload.file_name = std::filesystem::path(options.manifest).filename().string();
    AJWT_ASSIGN(upload.manifest, read_text(options.manifest));
  }
  if (!options.advisories.empty()) {
    AJWT_ASSIGN(upload.advisories, read_text(options.advisories));
  }
  return upload;
}

std::string milliseconds(std::int64_t microseconds) {
  std::ostringstream text;
  text.precision(1);
  text << std::fixed << static_cast<double>(microseconds) / 1000.0 << " ms";
  return std::move(text).str();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : " > ") + name;
  return text;
}

json::Object to_json(const demo::StepView& view) {
  return json::Object{{"number", view.number},
                      {"step", view.step},
                      {"agent", view.agent},
                      {"scope", view.scope},
                      {"chain", json::string_array(view.chain)},
                      {"microseconds", view.microseconds},
                      {"summary", view.summary}};
}

void print_step(Session& session, const demo::StepView& view) {
  const auto column = [](std::string text, std::size_t width) {
    text.resize(std::max(width, text.size() + 1), ' ');
    return text;
  };
  session.out() << "  " << view.number << "  " << column(view.step, 18) << column(view.agent, 12)
                << column(view.scope, 16) << column(milliseconds(view.microseconds), 10)
                << view.summary << "\n     chain " << joined(view.chain) << std::endl;
}

void print_diff(Session& session, const std::string& diff) {
  std::istringstream lines(diff);
  for (std::string line; std::getline(lines, line);) {
    const char mark = line.empty() ? ' ' : line.front();
    const bool colour = session.colours() && (mark == '+' || mark == '-');
    session.out() << "  " << (colour ? (mark == '+' ? "\x1b[32m" : "\x1b[31m") : "") << line
                  << (colour ? "\x1b[0m" : "") << '\n';
  }
}

void print_result(Session& session, const demo::JobResult& result) {
  if (session.is_json()) {
    json::Array steps;
    for (const auto& step : result.steps) steps.emplace_back(to_json(step));
    session.print_json(json::Object{{"execution_id", result.execution_id},
                                    {"workflow_version", result.workflow_version},
                                    {"steps", std::move(steps)},
                                    {"changed", result.changed},
                                    {"file", result.file},
                                    {"diff", result.diff}});
    return;
  }
  if (result.changed == 0) {
    session.out() << "\n  Nothing to mend: no advisory with a fixed version hits this manifest.\n";
  } else {
    session.out() << "\n  " << result.file << '\n';
    print_diff(session, result.diff);
  }
  session.out() << "\n  execution " << result.execution_id << " closed; see it with\n"
                << "    ajwt execution show " << result.execution_id << '\n';
}

Status run(Session& session, const RunOptions& options) {
  AJWT_ASSIGN(const auto dev, demo::load_dev_info(options.folder));
  AJWT_ASSIGN(const auto upload, choose_manifest(options));
  http::CurlClient http;
  const SystemClock clock;
  if (const Status sent = demo::upload_manifest(dev, http, upload); !sent) {
    return refuse(sent.error().code(), upload.file_name + ": " + sent.error().message());
  }
  if (!session.is_json()) {
    session.out() << "  A fleet patches " << upload.file_name
                  << ". The agents' decisions are scripted (no model is called);\n"
                     "  identities, tokens, proofs, the guard and the edits are real.\n\n";
  }
  AJWT_ASSIGN(const auto result, demo::run_job(dev, http, clock, [&](const demo::StepView& view) {
                if (!session.is_json()) print_step(session, view);
              }));
  print_result(session, result);
  return ok();
}

void declare_run(CLI::App& command, RunOptions& options) {
  command.add_option("manifest", options.manifest,
                     "package.json or Debian package list; \"debian\": the Debian sample; "
                     "default: the npm sample");
  command.add_option("--advisories", options.advisories, "Advisories in OSV format");
  command.add_option("--dev", options.folder, "Folder of the running `ajwt dev`");
}

struct AttackOptions {
  std::string folder = demo::default_dev_folder().string();
  std::vector<std::string> ids;
  bool all = false;
};

void declare_attack(CLI::App& command, AttackOptions& options) {
  command.add_option("id", options.ids, "Attacks to run, such as T2 or t07-cross-agent-escalation");
  command.add_flag("--all", options.all, "Run every attack");
  command.add_option("--dev", options.folder, "Folder of the running `ajwt dev`");
}

Status attack(Session& session, const AttackOptions& options) {
  if (options.all == !options.ids.empty()) {
    return refuse(Code::k_parameter_missing, "Name attacks, or give --all.");
  }
  AJWT_ASSIGN(const bool held, demo::run_attacks(session, options.folder, options.ids));
  if (!held) session.finish(ExitCode::kDefenceFailed);
  return ok();
}

}  // namespace

void add_demo_command(CLI::App& root, Session& session) {
  CLI::App& demo = add_noun(root, {.name = "demo",
                                   .summary = "A fleet at work, and attacks on it.",
                                   .examples = {"ajwt demo run", "ajwt demo attack --all"}});
  add_verb<RunOptions>(demo, session,
                       {.name = "run",
                        .summary = "Let the fleet of `ajwt dev` patch a manifest.",
                        .examples = {"ajwt demo run", "ajwt demo run debian",
                                     "ajwt demo run ./package.json --advisories osv.json"}},
                       declare_run, run);
  add_verb<AttackOptions>(
      demo, session,
      {.name = "attack",
       .summary = "Attack the running `ajwt dev`; exit code 8 unless every attack is refused as it "
                  "must be.",
       .examples = {"ajwt demo attack --all", "ajwt demo attack T2 T7 -o json"}},
      declare_attack, attack);
}

}  // namespace ajwt::app
