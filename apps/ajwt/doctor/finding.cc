// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/doctor/finding.h"

#include <algorithm>

namespace ajwt::app {

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "fail";
    case Verdict::kUnknown:
      return "unknown";
  }
  return "unknown";
}

json::Object to_json(const Finding& finding) {
  json::Object object{{"verdict", name(finding.judgement.verdict)},
                      {"check", finding.check},
                      {"found", finding.judgement.found},
                      {"source", finding.source}};
  if (!finding.about.empty()) object.set("about", finding.about);
  if (!finding.judgement.next.empty()) object.set("next", finding.judgement.next);
  return object;
}

ExitCode exit_code_of(const std::vector<Finding>& findings) {
  const auto has = [&](ExitCode code) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.judgement.verdict == Verdict::kFail && finding.judgement.exit == code;
    });
  };
  for (const ExitCode code : {ExitCode::kDefenceFailed, ExitCode::kUnavailable, ExitCode::kError}) {
    if (has(code)) return code;
  }
  return ExitCode::kOk;
}

}  // namespace ajwt::app
