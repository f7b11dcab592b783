// SPDX-License-Identifier: Apache-2.0
#include "guard/policy.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "json/members.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::guard {
namespace {

constexpr std::string_view kRoute = "route";
constexpr std::string_view kMethod = "method";
constexpr std::string_view kPath = "path";
constexpr std::string_view kApp = "app";
constexpr std::string_view kToken = "token";
constexpr std::string_view kWorkflow = "workflow";
constexpr std::string_view kStep = "step";
constexpr std::string_view kProof = "proof";
constexpr std::string_view kMaxBody = "max_body";
constexpr auto kRouteMembers =
    std::to_array<std::string_view>({kMethod, kPath, kApp, names::kScope, kToken, kWorkflow, kStep,
                                     names::kTool, kProof, kMaxBody, names::kProfile});
constexpr std::string_view kParameter = "{}";  // no literal segment is spelled so

using Segments = std::vector<std::string>;

// split_path returns what stands between the slashes of a path that begins with one; "/" has one
// empty segment.
Segments split_path(std::string_view path) {
  Segments segments;
  std::size_t start = 1;
  for (std::size_t i = 1; i <= path.size(); ++i) {
    if (i < path.size() && path[i] != '/') continue;
    segments.emplace_back(path.substr(start, i - start));
    start = i + 1;
  }
  return segments;
}

// RFC 3986 3.3: pchar, with '%' for escapes.
bool is_path_character(char c) {
  constexpr std::string_view kOthers = "-._~!$&'()*+,;=:@%";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

bool is_parameter_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_parameter(std::string_view segment) {
  return segment.size() >= 2 && segment.front() == '{' && segment.back() == '}';
}

// fault_of_segment returns what is wrong with one segment of a template, or nothing.
std::string_view fault_of_segment(std::string_view segment) {
  if (is_parameter(segment)) {
    return is_parameter_name(segment.substr(1, segment.size() - 2))
               ? std::string_view()
               : "a parameter is {name}, of letters, digits and '_'";
  }
  if (segment == "." || segment == "..") return "dot segments never reach a route";
  if (!std::all_of(segment.begin(), segment.end(), is_path_character)) {
    return "only characters of a URI path, and a parameter is a whole segment";
  }
  return {};
}

std::string_view fault_of_template(std::string_view path) {
  if (path.empty() || path.front() != '/') return "must begin with '/'";
  const Segments segments = split_path(path);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].empty() && i + 1 < segments.size()) return "has an empty segment";
    if (const std::string_view fault = fault_of_segment(segments[i]); !fault.empty()) return fault;
    if (is_parameter(segments[i]) &&
        std::count(segments.begin(), segments.end(), segments[i]) != 1) {
      return "has the same parameter twice";
    }
  }
  return {};
}

Segments compile_template(std::string_view path) {
  Segments segments = split_path(path);
  for (std::string& segment : segments) {
    if (is_parameter(segment)) segment = kParameter;
  }
  return segments;
}

// overlap tells whether some path matches both templates.
bool overlap(const Segments& a, const Segments& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x == y || (x == kParameter && !y.empty()) || (y == kParameter && !x.empty());
  });
}

// RouteReader reads one route and says which one when it refuses.
class RouteReader {
 public:
  RouteReader(const json::Object& object, std::size_t index)
      : object_(object), members_(object), index_(index) {}

  Result<Route> read() {
    Route route;
    AJWT_TRY(read_request(route));
    AJWT_TRY(read_apps(route));
    AJWT_TRY(read_scopes(route));
    AJWT_TRY(read_profile(route));
    AJWT_TRY(read_token(route));
    AJWT_TRY(read_workflow(route));
    AJWT_TRY(read_proof(route));
    if (const Status status = members_.check_no_others(); !status) {
      return fault({}, status.error().describe());
    }
    return route;
  }

  // fault is the refusal for `member`, or for the route as a whole if that is empty.
  Error fault(std::string_view member, std::string_view what) const {
    std::string message = "Route " + std::to_string(index_ + 1);
    std::string pointer = "/" + std::string(kRoute) + "/" + std::to_string(index_);
    if (!member.empty()) {
      message += ", " + std::string(member);
      if (object_.contains(member)) pointer += "/" + std::string(member);
    }
    message += ": " + std::string(what);
    if (message.back() != '.') message += '.';
    return refuse(Code::k_configuration_refused, std::move(message))
        .with_items({std::move(pointer)});
  }

 private:
  Result<std::optional<std::string>> find_string(std::string_view member) {
    auto text = members_.find_string(member);
    if (!text) return fault(member, "must be a string");
    return *std::move(text);
  }

  // find_strings takes an array of strings or one string.
  Result<std::vector<std::string>> find_strings(std::string_view member) {
    const json::Value* value = members_.find_any(member);
    if (value == nullptr) return std::vector<std::string>();
    if (const std::string* text = value->find_string()) return std::vector<std::string>{*text};
    auto texts = members_.get_strings(member);
    if (!texts) return fault(member, "must be a string or an array of strings");
    return *std::move(texts);
  }

  Status read_request(Route& route) {
    AJWT_ASSIGN(const auto method, find_string(kMethod));
    constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                          "PATCH", "DELETE", "OPTIONS"};
    if (!method || std::find(kMethods.begin(), kMethods.end(), *method) == kMethods.end()) {
      return fault(kMethod, "must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS");
    }
    AJWT_ASSIGN(const auto path, find_string(kPath));
    if (!path) return fault(kPath, "is required");
    if (const std::string_view wrong = fault_of_template(*path); !wrong.empty()) {
      return fault(kPath, wrong);
    }
    route.method = *method;
    route.path = *path;
    return ok();
  }

  Status read_apps(Route& route) {
    AJWT_ASSIGN(const auto apps, find_strings(kApp));
    if (apps.empty()) return fault(kApp, "at least one application is required");
    for (const std::string& app : apps) {
      auto app_id = parse_app_id(app);
      if (!app_id) return fault(kApp, app_id.error().describe());
      route.apps.push_back(*std::move(app_id));
    }
    return ok();
  }

  Status read_scopes(Route& route) {
    AJWT_ASSIGN(route.scopes, find_strings(names::kScope));
    if (route.scopes.empty()) return fault(names::kScope, "at least one scope is required");
    if (const Status status = check_scopes(route.scopes); !status) {
      return fault(names::kScope, status.error().describe());
    }
    return ok();
  }

  Status read_profile(Route& route) {
    AJWT_ASSIGN(const auto profile, find_string(names::kProfile));
    if (!profile) return ok();
    if (*profile != names::kDraft00) return fault(names::kProfile, "must be \"draft-00\"");
    route.profile = TokenProfile::kDraft00;
    // Its tokens are an agent's, name no tool and come without any proof.
    for (const std::string_view member : {kToken, names::kTool, kProof}) {
      if (object_.contains(member)) return fault(member, "means nothing in profile draft-00");
    }
    return ok();
  }

  Status read_token(Route& route) {
    AJWT_ASSIGN(const auto token, find_string(kToken));
    if (!token || *token == "intent") return ok();
    if (*token != "plain") return fault(kToken, "must be \"intent\" or \"plain\"");
    route.token = TokenKind::kPlain;
    return ok();
  }

  Status read_workflow(Route& route) {
    AJWT_ASSIGN(const auto workflow, find_string(kWorkflow));
    AJWT_ASSIGN(const auto steps, find_strings(kStep));
    AJWT_ASSIGN(route.tool, find_string(names::kTool));
    if (route.token == TokenKind::kPlain) {
      for (const std::string_view member : {kWorkflow, kStep, names::kTool}) {
        if (object_.contains(member)) return fault(member, "a plain token has none");
      }
      return ok();
    }
    if (route.profile == TokenProfile::kDraft00) {
      if (!workflow && steps.empty()) return ok();
    } else {
      if (!route.tool) return fault(names::kTool, "is required on a route for intent tokens");
      if (route.tool->empty()) return fault(names::kTool, "must not be empty");
    }
    if (!workflow) return fault(kWorkflow, "is required on a route for intent tokens");
    if (steps.empty()) return fault(kStep, "at least one step is required");
    auto workflow_id = WorkflowId::parse(*workflow);
    if (!workflow_id) return fault(kWorkflow, workflow_id.error().reason().sentence);
    route.workflow = *std::move(workflow_id);
    for (const std::string& step : steps) {
      auto step_id = StepId::parse(step);
      if (!step_id) return fault(kStep, step_id.error().reason().sentence);
      route.steps.push_back(*std::move(step_id));
    }
    return ok();
  }

  Status read_proof(Route& route) {
    AJWT_ASSIGN(const auto proof, find_string(kProof));
    if (proof && *proof == "rfc9449") {
      route.proof = ProofBinding::kRfc9449;
    } else if (proof && *proof == "head") {
      route.proof = ProofBinding::kHead;
    } else if (proof && *proof != "bound") {
      return fault(kProof, "must be \"bound\", \"head\" or \"rfc9449\"");
    }
    const auto max_body = members_.find_integer(kMaxBody);
    if (!max_body || (*max_body && (**max_body < 0 || **max_body > static_cast<std::int64_t>(
                                                                       kLargestMaxBodyBytes)))) {
      return fault(kMaxBody,
                   "must be a number of bytes from 0 to " + std::to_string(kLargestMaxBodyBytes));
    }
    if (*max_body) route.max_body_bytes = static_cast<std::size_t>(**max_body);
    return ok();
  }

  const json::Object& object_;
  json::Members members_;
  std::size_t index_;
};

}  // namespace

std::span<const std::string_view> Policy::known_members() { return kRouteMembers; }

Result<Policy> Policy::parse(const json::Object& policy) {
  json::Members members(policy);
  const auto rows = members.get_array(kRoute);
  if (!rows || (*rows)->empty()) {
    return refuse(Code::k_configuration_refused,
                  "The policy needs at least one route, written [[route]].")
        .with_items({std::string()});
  }
  if (const Status status = members.check_no_others(); !status) {
    return refuse(Code::k_configuration_refused, status.error().describe())
        .with_items({std::string()});
  }
  std::vector<Route> routes;
  std::vector<Segments> segments;
  for (std::size_t i = 0; i < (*rows)->size(); ++i) {
    const json::Object* object = (**rows)[i].find_object();
    const json::Object none;
    RouteReader reader(object != nullptr ? *object : none, i);
    if (object == nullptr) return reader.fault({}, "must be a table");
    AJWT_ASSIGN(Route route, reader.read());
    Segments compiled = compile_template(route.path);
    // Two rows for one request would make the answer depend on their order, and the weaker one
    // could be the one that is found.
    for (std::size_t j = 0; j < routes.size(); ++j) {
      if (routes[j].method == route.method && overlap(segments[j], compiled)) {
        return reader.fault(kPath, "route " + std::to_string(j + 1) + " matches the same requests");
      }
    }
    routes.push_back(std::move(route));
    segments.push_back(std::move(compiled));
  }
  return Policy(std::move(routes), std::move(segments));
}

namespace {

bool matches(const Segments& route, std::string_view path) {
  std::size_t start = 1;
  for (std::size_t i = 0; i < route.size(); ++i) {
    if (start > path.size()) return false;
    const bool is_last = i + 1 == route.size();
    const std::size_t slash = path.find('/', start);
    if (is_last != (slash == std::string_view::npos)) return false;
    const std::string_view segment =
        path.substr(start, is_last ? std::string_view::npos : slash - start);
    const bool fits = route[i] == kParameter ? !segment.empty() && segment != "." && segment != ".."
                                             : segment == route[i];
    if (!fits) return false;
    start = slash + 1;
  }
  return true;
}

}  // namespace

Result<const Route*> Policy::find(std::string_view method, std::string_view path) const {
  if (!path.empty() && path.front() == '/') {
    for (std::size_t i = 0; i < routes_.size(); ++i) {
      if (routes_[i].method == method && matches(segments_[i], path)) return &routes_[i];
    }
  }
  return refuse(Code::k_route_unknown);
}

}  // namespace ajwt::guard
