// SPDX-License-Identifier: Apache-2.0
#include "authority/endpoints/request_body.h"

#include <algorithm>

#include "json/parse.h"
#include "protocol/names.h"
#include "protocol/scope.h"

namespace ajwt::authority {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

constexpr std::size_t kMaxAudiences = 64;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Status check_content_type(const HttpRequest& request, std::string_view media_type) {
  const auto fields = request.headers.all("Content-Type");
  if (fields.size() == 1) {
    const std::string_view field = fields.front();
    const std::size_t semicolon = field.find(';');
    const std::string_view type = trimmed(field.substr(0, semicolon));
    const std::string_view parameter =
        semicolon == std::string_view::npos ? "" : trimmed(field.substr(semicolon + 1));
    const bool is_utf8 = parameter.empty() || equal_ignoring_case(parameter, "charset=utf-8") ||
                         equal_ignoring_case(parameter, "charset=\"utf-8\"");
    if (equal_ignoring_case(type, media_type) && is_utf8) return ok();
  }
  return refuse(Code::k_content_type_refused, "Expected: " + std::string(media_type) + ".");
}

Result<json::Object> parse_json_body(const HttpRequest& request) {
  if (request.body.empty()) return json::Object();
  AJWT_TRY(check_content_type(request, kJsonType));
  return json::parse_object(request.body);
}

Result<Form> parse_form_body(const HttpRequest& request) {
  AJWT_TRY(check_content_type(request, kFormType));
  AJWT_ASSIGN(Form form, Form::parse(request.body));
  AJWT_TRY(form.check_no_repeats({names::kAudience, names::kResource}));
  return form;
}

Result<Form> parse_query(const HttpRequest& request,
                         std::initializer_list<std::string_view> known) {
  AJWT_ASSIGN(Form form, Form::parse(request.query));
  AJWT_TRY(form.check_no_repeats({}));
  for (const auto& [name, value] : form.parameters()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return refuse(Code::k_parameter_malformed, "Unknown query parameter: " + name + ".");
    }
  }
  return form;
}

Result<std::optional<std::vector<std::string>>> find_audiences(json::Members& members) {
  AJWT_ASSIGN(auto audiences, members.find_strings(kAudiences));
  if (!audiences) return audiences;
  if (audiences->size() > kMaxAudiences) {
    return refuse(Code::k_limit_exceeded, "There are too many audiences.");
  }
  for (const auto& audience : *audiences) AJWT_TRY(check_audience(audience));
  return audiences;
}

}  // namespace ajwt::authority
