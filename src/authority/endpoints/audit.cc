// SPDX-License-Identifier: Apache-2.0
//
// The audit log, for administrators, and who is asking.
#include <charconv>
#include <limits>

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "jose/base64url.h"
#include "json/parse.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

constexpr std::int64_t kDefaultLimit = 100;
constexpr std::int64_t kMaxLimit = 1000;
// A page ends after so much, so that it stays within what clients read; one entry is a page, too.
constexpr std::size_t kMaxPageBytes = 256 * 1024;
constexpr json::Limits kLeafLimits{1024 * 1024, 64};

Result<std::int64_t> find_number(const Form& query, std::string_view name, std::int64_t otherwise,
                                 std::int64_t largest) {
  const auto text = query.find(name);
  if (!text) return otherwise;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < 0 ||
      number > largest) {
    return refuse(Code::k_parameter_malformed, std::string(name));
  }
  return number;
}

// Form of an entry: parsed, or the exact text that the log's hashes are over.
constexpr std::string_view kLeafForm = "leaf";

Result<json::Object> write_leaf(const AuditLeaf& leaf, std::string_view form) {
  json::Object body;
  body.set("sequence", leaf.sequence);
  if (form == kLeafForm) {
    body.set(kLeafForm, leaf.bytes);
  } else {
    AJWT_ASSIGN(json::Object entry, json::parse_object(leaf.bytes, kLeafLimits));
    body.set("entry", std::move(entry));
  }
  body.set("salt", jose::encode_base64url(leaf.salt));
  return body;
}

Result<std::vector<AuditLeaf>> find_leaves(Store& store, const Form& query, std::int64_t after) {
  AJWT_ASSIGN(const auto limit, find_number(query, "limit", kDefaultLimit, kMaxLimit));
  std::optional<AppId> app_id;
  if (const auto text = query.find(names::kAppId)) {
    AJWT_ASSIGN(app_id, parse_app_id(*text));
  }
  const auto decision_id = query.find("decision_id");
  if (!decision_id) return store.list_audit(after, static_cast<std::size_t>(limit), app_id);
  if (query.find("after") || query.find("limit") || app_id) {
    return refuse(Code::k_parameter_malformed, "decision_id stands alone.");
  }
  return store.list_audit_of(*decision_id);
}

}  // namespace

Result<HttpResponse> handle_list_audit(Exchange& exchange, Authenticated&) {
  AJWT_ASSIGN(const Form query, parse_query(exchange.request, {"after", "limit", names::kAppId,
                                                               "decision_id", "form"}));
  const std::string_view form = query.find("form").value_or("entry");
  if (form != "entry" && form != kLeafForm) return refuse(Code::k_parameter_malformed, "form");
  AJWT_ASSIGN(std::int64_t last,
              find_number(query, "after", 0, std::numeric_limits<std::int64_t>::max()));
  AJWT_ASSIGN(const auto leaves, find_leaves(exchange.context().store, query, last));
  json::Array list;
  std::size_t bytes = 0;
  for (const auto& leaf : leaves) {
    AJWT_ASSIGN(json::Object written, write_leaf(leaf, form));
    list.emplace_back(std::move(written));
    last = leaf.sequence;
    bytes += leaf.bytes.size();
    if (bytes > kMaxPageBytes) break;
  }
  json::Object body;
  body.set("entries", std::move(list));
  body.set("next_after", last);
  return write_json_response(200, body);
}

Result<HttpResponse> handle_whoami(Exchange& exchange, Authenticated& caller) {
  json::Object body;
  body.set(names::kClientId, caller.caller.client().client_id.str());
  body.set(names::kAppId, exchange.identity->app_id.str());
  body.set(names::kScope, join_scopes(caller.caller.scopes()));
  body.set("client_scope", join_scopes(caller.caller.client().scopes));
  return write_json_response(200, body);
}

}  // namespace ajwt::authority
