// SPDX-License-Identifier: Apache-2.0
//
// Evidence: what `ajwt doctor` asked and what was answered. Gathered first, judged afterwards, so
// that every check judges the same answers and none sends a request of its own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"
#include "gateway/guard_options.h"
#include "http/certificate.h"
#include "json/value.h"

namespace ajwt::app {

// Probe is a request line that a guard's policy names: a guard judges tokens on its routes alone.
struct Probe {
  std::string method;  // GET or HEAD: what a guard fails to stop must do no harm
  std::string path;
};

// GuardTarget is a guard to look at.
struct GuardTarget {
  std::string url;  // as clients address it, without a slash at its end
  std::optional<gateway::GuardOptions> file = std::nullopt;  // what it should be running
  std::optional<Probe> probe = std::nullopt;
};

// DoctorTarget is all that is looked at. `ask_status` gets /admin/status as the profile's client;
// empty: there is no profile.
struct DoctorTarget {
  std::string authority;
  std::vector<GuardTarget> guards;
  std::function<Result<json::Object>()> ask_status;
  std::string ca_file;
};

// Observed is one answer, and when it was asked for and came, by our clock.
struct Observed {
  Result<HttpResponse> answer;
  Instant asked;
  Instant answered;

  bool has_status(int status) const { return answer && answer->status == status; }
  // body returns the answer's JSON object, or an empty one.
  json::Object body() const;
  // reason returns the member `reason` of the body, or an empty text.
  std::string reason() const;
  std::string header(std::string_view name) const;
};

// Doors are the requests that both authority and guard refuse, if all is well, and what is between
// us and them leaves alone.
struct Doors {
  Observed bare;        // without a token
  Observed again;       // the same once more
  Observed with_token;  // with a token and a proof that are neither
  Observed encoded;     // a path with an encoded slash
};

struct AuthorityEvidence {
  std::string url;
  Observed live;
  Observed ready;
  Observed metadata;
  Observed jwks;
  Doors doors;
  std::optional<Result<http::Certificate>> certificate;  // absent over plain http
  std::optional<Result<json::Object>> status;            // absent without a profile
};

struct GuardEvidence {
  GuardTarget target;
  Observed ready;
  Observed metadata;
  Observed encoded;
  std::optional<Doors> doors;      // absent without a probe
  std::optional<Observed> bearer;  // likewise
  std::optional<Observed> forged;  // a token under the authority's kid, with no signature
  std::optional<Result<http::Certificate>> certificate;
};

struct Evidence {
  AuthorityEvidence authority;
  std::vector<GuardEvidence> guards;
};

// gather asks everything once, with a few seconds of patience for each answer. What it sends to a
// guard holds no credential.
Evidence gather(const DoctorTarget& target, HttpClient& http, const Clock& clock);

}  // namespace ajwt::app
