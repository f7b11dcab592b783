// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt-driver/driver.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "apps/ajwt-driver/ops.h"
#include "base/result.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

namespace ajwt::driver {
namespace {

// A line holds whole documents as members, so it may be larger and deeper than any of them.
constexpr json::Limits kLineLimits{kMaxLineBytes, 64};

struct Op {
  std::string_view name;
  Result<json::Object> (*run)(json::Members& request);
};

constexpr std::array kOps = {
    Op{"jws.verify", verify_jws},     Op{"sig.verify", verify_signature},
    Op{"jwk.thumbprint", thumbprint}, Op{"jcs", canonicalize},
    Op{"es6num", write_number},       Op{"json.parse", parse_json},
    Op{"checksum", checksum},         Op{"dpop.verify", verify_dpop},
};

std::string write_failure(Code code) {
  json::Object answer;
  answer.append("ok", false);
  answer.append("err", reason_of(code).name);
  return json::write(std::move(answer));
}

Result<json::Object> run(std::string_view line) {
  AJWT_ASSIGN(const json::Object object, json::parse_object(line, kLineLimits));
  json::Members request(object);
  AJWT_ASSIGN(const std::string name, request.get_string("op"));
  const auto* op =
      std::find_if(kOps.begin(), kOps.end(), [&](const Op& known) { return known.name == name; });
  if (op == kOps.end()) return refuse(Code::k_not_supported);
  return op->run(request);
}

}  // namespace

std::string answer_line(std::string_view line) {
  try {
    const auto result = run(line);
    if (!result) return write_failure(result.error().code());
    json::Object answer;
    answer.append("ok", true);
    for (const json::Member& member : result->members()) answer.append(member.name, member.value);
    return json::write(std::move(answer));
  } catch (const std::exception&) {
    return write_failure(Code::k_internal_error);
  }
}

std::string answer_too_long() { return write_failure(Code::k_json_too_large); }

}  // namespace ajwt::driver
