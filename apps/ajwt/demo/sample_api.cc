// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/sample_api.h"

#include <fstream>
#include <utility>

#include "apps/ajwt/demo/diff.h"
#include "base/bytes.h"
#include "http/error_response.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

namespace ajwt::demo {
namespace {

constexpr json::Limits kBodyLimits{.max_bytes = 16 * 1024 * 1024, .max_depth = 32};

Result<const json::Object*> object_of(const json::Value& value) {
  if (value.find_object() == nullptr) return refuse(Code::k_json_wrong_type, "expected an object");
  return value.find_object();
}

HttpResponse respond(const Result<json::Object>& answer) {
  if (!answer) return http::write_error_response(answer.error());
  HttpResponse response{200, {}, json::write(json::Value(*answer))};
  response.headers.set("Content-Type", "application/json");
  return response;
}

// What the guard says of the caller, so that an answer can show it. The API trusts these fields
// because the request has the guard's secret, and the guard strips what a client sends.
json::Object caller_of(const HttpHeaders& headers) {
  json::Object caller;
  for (const auto* field : {"X-Agent-Subject", "X-Agent-Step", "X-Agent-Tool", "X-Agent-Scope",
                            "X-Agent-Delegators", "X-Agent-Execution"}) {
    if (const auto value = headers.find(field)) caller.set(field, *value);
  }
  return caller;
}

bool carries(const HttpHeaders& headers, std::string_view field, std::string_view secret) {
  const auto values = headers.all(field);
  return values.size() == 1 && equal_constant_time(values.front(), secret);
}

}  // namespace

SampleApi::SampleApi(std::filesystem::path scratch, Secrets secrets)
    : scratch_(std::move(scratch)), secrets_(std::move(secrets)) {}

Result<std::unique_ptr<SampleApi>> SampleApi::create(const std::filesystem::path& scratch,
                                                     Secrets secrets) {
  std::error_code error;
  std::filesystem::create_directories(scratch, error);
  if (error) return refuse(Code::k_io_failed, scratch.string() + ": " + error.message());
  return std::unique_ptr<SampleApi>(new SampleApi(scratch, std::move(secrets)));
}

Status SampleApi::load(const std::string& file_name, std::string manifest,
                       std::string_view advisories) {
  const std::lock_guard lock(mutex_);
  return replace_manifest(file_name, std::move(manifest), advisories);
}

Status SampleApi::replace_manifest(const std::string& file_name, std::string manifest,
                                   std::string_view advisories) {
  AJWT_ASSIGN(auto parsed, parse_manifest(std::move(manifest)));
  AJWT_ASSIGN(auto known, parse_advisories(advisories));
  file_name_ = std::filesystem::path(file_name).filename().string();
  if (file_name_.empty()) return refuse(Code::k_value_malformed, "file");
  AJWT_TRY(write_scratch(parsed.text));
  manifest_ = std::move(parsed);
  advisories_ = std::move(known);
  proposals_.clear();
  return ok();
}

// Written beside and renamed, so that a reader never sees half a manifest.
Status SampleApi::write_scratch(const std::string& text) const {
  const auto path = scratch_ / file_name_;
  const auto partial = scratch_ / (file_name_ + ".partial");
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(partial, path, error);
  if (!file || error) return refuse(Code::k_io_failed, path.string());
  return ok();
}

HttpResponse SampleApi::handle(const HttpRequest& request) {
  auto result = answer(request);
  if (result) result->set("caller", caller_of(request.headers));
  return respond(result);
}

Result<json::Object> SampleApi::answer(const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.method == "POST" && request.path == "/manifest") return replace(request);
  if (!carries(request.headers, kGuardSecretField, secrets_.guard)) {
    return refuse(Code::k_client_unauthorized, "Only the guard may call this API.");
  }
  if (request.method == "GET" && request.path == "/manifest") return describe();
  if (request.method != "POST") return refuse(Code::k_not_found);

  constexpr std::string_view kProposals = "/proposals/";
  constexpr std::string_view kApply = "/apply";
  const std::string& path = request.path;
  if (path.starts_with(kProposals) && path.ends_with(kApply) &&
      path.size() > kProposals.size() + kApply.size()) {
    return apply(path.substr(kProposals.size(), path.size() - kProposals.size() - kApply.size()));
  }
  AJWT_ASSIGN(const auto body, json::parse_object(request.body, kBodyLimits));
  if (path == "/advisories/query") return query(body);
  if (path == "/proposals") return propose(body);
  return refuse(Code::k_not_found);
}

json::Object SampleApi::describe() const {
  json::Array packages;
  for (const auto& package : manifest_.packages) {
    packages.emplace_back(json::Object{{"name", package.name}, {"version", package.version}});
  }
  return json::Object{{"file", file_name_},
                      {"ecosystem", name(manifest_.ecosystem)},
                      {"packages", std::move(packages)}};
}

Result<json::Object> SampleApi::query(const json::Object& body) const {
  json::Members members(body);
  AJWT_ASSIGN(const auto* packages, members.get_array("packages"));
  AJWT_TRY(members.check_no_others());
  json::Array findings;
  for (const auto& item : *packages) {
    AJWT_ASSIGN(const auto* object, object_of(item));
    json::Members package(*object);
    AJWT_ASSIGN(const auto package_name, package.get_string("name"));
    AJWT_ASSIGN(const auto version, package.get_string("version"));
    for (const auto& found :
         find_advisories(advisories_, manifest_.ecosystem, package_name, version)) {
      json::Object finding{{"name", package_name},
                           {"version", version},
                           {"advisory", found.advisory},
                           {"summary", found.summary}};
      if (found.fixed) finding.set("fixed", *found.fixed);
      findings.emplace_back(std::move(finding));
    }
  }
  return json::Object{{"findings", std::move(findings)}};
}

Result<json::Object> SampleApi::propose(const json::Object& body) {
  json::Members members(body);
  AJWT_ASSIGN(const auto* list, members.get_array("changes"));
  AJWT_TRY(members.check_no_others());
  std::vector<Change> changes;
  for (const auto& item : *list) {
    AJWT_ASSIGN(const auto* object, object_of(item));
    json::Members change(*object);
    AJWT_ASSIGN(auto package, change.get_string("name"));
    AJWT_ASSIGN(auto from, change.get_string("from"));
    AJWT_ASSIGN(auto to, change.get_string("to"));
    if (to.empty() || to.find_first_of("\"\\\r\n\t ") != std::string::npos) {
      return refuse(Code::k_value_malformed, "to");
    }
    changes.push_back({std::move(package), std::move(from), std::move(to)});
  }
  const std::string id = "prop-" + std::to_string(next_proposal_++);
  proposals_.emplace(id, std::move(changes));
  return json::Object{{"proposal_id", id}};
}

// All of a proposal's changes, or none.
Result<json::Object> SampleApi::apply(const std::string& proposal_id) {
  const auto proposal = proposals_.find(proposal_id);
  if (proposal == proposals_.end()) return refuse(Code::k_not_found, proposal_id);
  Manifest changed = manifest_;
  for (const auto& change : proposal->second) {
    AJWT_ASSIGN(auto text, replace_version(changed, change.name, change.from, change.to));
    AJWT_ASSIGN(changed, parse_manifest(std::move(text)));
  }
  const std::string diff = unified_diff(manifest_.text, changed.text, file_name_);
  AJWT_TRY(write_scratch(changed.text));
  const auto count = static_cast<std::int64_t>(proposal->second.size());
  manifest_ = std::move(changed);
  proposals_.erase(proposal);
  return json::Object{
      {"changed", count}, {"file", (scratch_ / file_name_).string()}, {"diff", diff}};
}

Result<json::Object> SampleApi::replace(const HttpRequest& request) {
  if (!carries(request.headers, "X-Demo-Control", secrets_.control)) {
    return refuse(Code::k_not_found);
  }
  AJWT_ASSIGN(const auto body, json::parse_object(request.body, kBodyLimits));
  json::Members members(body);
  AJWT_ASSIGN(const auto file, members.get_string("file"));
  AJWT_ASSIGN(auto manifest, members.get_string("manifest"));
  AJWT_ASSIGN(const auto advisories, members.get_string("advisories"));
  AJWT_TRY(members.check_no_others());
  AJWT_TRY(replace_manifest(file, std::move(manifest), advisories));
  return describe();
}

}  // namespace ajwt::demo
