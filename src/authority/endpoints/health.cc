// SPDX-License-Identifier: Apache-2.0
//
// For operators: is it alive, can it serve, what did it do.
#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/keys/key_ring.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

HttpResponse write_status(std::string_view status) {
  json::Object body;
  body.set(names::kStatus, status);
  return write_json_response(200, body);
}

}  // namespace

Result<HttpResponse> handle_live(Exchange&) { return write_status("alive"); }

Result<HttpResponse> handle_ready(Exchange& exchange) {
  auto& context = exchange.context();
  AJWT_TRY(context.store.check_ready());
  if (context.keys.published()->keys().empty()) return refuse(Code::k_keys_unavailable);
  return write_status("ready");
}

Result<HttpResponse> handle_metrics(Exchange& exchange) {
  HttpResponse response{.status = 200, .headers = {}, .body = exchange.services.metrics()};
  response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

}  // namespace ajwt::authority
