// SPDX-License-Identifier: Apache-2.0
//
// Applications and their settings, for administrators.
#include <algorithm>
#include <utility>

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/record_names.h"
#include "authority/retry.h"
#include "json/members.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kMaxNameBytes = 128;

constexpr std::string_view kWorkflowRule = "workflow_rule";
constexpr std::string_view kChecksumInTokens = "checksum_in_tokens";
constexpr std::string_view kAcceptsReference = "accepts_reference_checksum";
constexpr std::string_view kActivation = "activation";
constexpr std::string_view kWorkflowConfirmation = "workflow_confirmation";

// find_setting reads a member whose text names an enumerator; nullopt if it is absent.
template <class E>
Result<std::optional<E>> find_setting(json::Members& members, std::string_view member) {
  AJWT_ASSIGN(const auto text, members.find_string(member));
  if (!text) return std::optional<E>();
  if (const auto value = find_named<E>(*text)) return value;
  std::string known;
  for (const auto& each : Names<E>::kAll) {
    known += (known.empty() ? "" : " or ") + std::string(each.text);
  }
  return refuse(Code::k_parameter_malformed, std::string(member) + " is " + known + ".");
}

json::Object write_application(const Application& application) {
  json::Object body;
  body.set(names::kAppId, application.app_id.str());
  body.set(names::kName, application.name);
  body.set(kWorkflowRule, name(application.workflow_rule));
  body.set(kChecksumInTokens, application.checksum_in_tokens);
  body.set(kAcceptsReference, application.accepts_reference_checksum);
  body.set(kActivation, name(application.activation));
  body.set(kWorkflowConfirmation, name(application.workflow_confirmation));
  body.set(kAudiences, json::string_array(application.audiences));
  body.set("created_at", to_unix(application.created_at));
  return body;
}

// read_settings reads the members that may be changed; those that are absent stay as they are.
Status read_settings(json::Members& members, const std::string& issuer, Application& application) {
  AJWT_ASSIGN(auto display_name, members.find_string(names::kName));
  if (display_name) {
    if (display_name->size() > kMaxNameBytes) {
      return refuse(Code::k_parameter_malformed, std::string(names::kName));
    }
    application.name = *std::move(display_name);
  }
  AJWT_ASSIGN(const auto rule, find_setting<WorkflowRule>(members, kWorkflowRule));
  if (rule) application.workflow_rule = *rule;
  AJWT_ASSIGN(const auto activation, find_setting<ActivationRule>(members, kActivation));
  if (activation) application.activation = *activation;
  AJWT_ASSIGN(const auto confirmation,
              find_setting<ConfirmationRule>(members, kWorkflowConfirmation));
  if (confirmation) application.workflow_confirmation = *confirmation;
  AJWT_ASSIGN(const auto shown, members.find_boolean(kChecksumInTokens));
  if (shown) application.checksum_in_tokens = *shown;
  AJWT_ASSIGN(const auto reference, members.find_boolean(kAcceptsReference));
  if (reference) application.accepts_reference_checksum = *reference;
  AJWT_ASSIGN(auto audiences, find_audiences(members));
  if (audiences) {
    // An agent's token for the authority would be an administrator's in its hand (threats T9).
    if (std::find(audiences->begin(), audiences->end(), issuer) != audiences->end()) {
      return refuse(Code::k_audience_exceeds_ceiling,
                    "The authority itself is no audience of an application.");
    }
    application.audiences = *std::move(audiences);
  }
  return members.check_no_others();
}

AuditEntry application_audit(const Exchange& exchange, const Caller& caller,
                             const Application& application) {
  json::Object facts = write_application(application);
  facts.remove("created_at");
  return build_audit(application.app_id, exchange.decision_id, exchange.operation,
                     allowed_to(caller), exchange.now, facts);
}

Result<Application> get_application(const Exchange& exchange) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(auto application, exchange.context().store.find_application(app_id));
  if (!application) return refuse(Code::k_not_found);
  return *std::move(application);
}

}  // namespace

Result<HttpResponse> handle_list_applications(Exchange& exchange, Authenticated&) {
  AJWT_ASSIGN(const auto applications, exchange.context().store.list_applications());
  json::Array list;
  for (const auto& application : applications) list.emplace_back(write_application(application));
  json::Object body;
  body.set("applications", std::move(list));
  return write_json_response(200, body);
}

Result<HttpResponse> handle_create_application(Exchange& exchange, Authenticated& caller) {
  json::Members members(caller.body);
  AJWT_ASSIGN(const std::string id, members.get_string(names::kAppId));
  AJWT_ASSIGN(AppId app_id, parse_app_id(id));
  Application application{.app_id = app_id,
                          .name = app_id.str(),
                          .workflow_rule = WorkflowRule::kRequired,
                          .checksum_in_tokens = false,
                          .accepts_reference_checksum = false,
                          .activation = ActivationRule::kAtRegistration,
                          .workflow_confirmation = ConfirmationRule::kNone,
                          .audiences = {},
                          .row_version = 1,
                          .created_at = exchange.now};
  AJWT_TRY(read_settings(members, exchange.context().options.issuer, application));
  AJWT_TRY(exchange.context().store.create_application(
      application, application_audit(exchange, caller.caller, application)));
  return write_json_response(201, write_application(application));
}

Result<HttpResponse> handle_get_application(Exchange& exchange, Authenticated&) {
  AJWT_ASSIGN(const Application application, get_application(exchange));
  return write_json_response(200, write_application(application));
}

Result<HttpResponse> handle_update_application(Exchange& exchange, Authenticated& caller) {
  return retry_on_change([&]() -> Result<HttpResponse> {
    AJWT_ASSIGN(Application application, get_application(exchange));
    json::Members members(caller.body);
    AJWT_TRY(read_settings(members, exchange.context().options.issuer, application));
    AJWT_TRY(exchange.context().store.update_application(
        application, application_audit(exchange, caller.caller, application)));
    return write_json_response(200, write_application(application));
  });
}

}  // namespace ajwt::authority
