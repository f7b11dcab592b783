// SPDX-License-Identifier: Apache-2.0
//
// The fleet's job: read a manifest, look up advisories, propose and apply a patch, verify. The
// agents' decisions are scripted; registration, tokens, proofs, guard and edits are real.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/ajwt/demo/dev_info.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"

namespace ajwt::demo {

// StepView is what a person is shown of one step that was done.
struct StepView {
  int number;
  std::string step;
  std::string agent;
  std::string scope;
  std::vector<std::string> chain;  // from who began to who acts, as the API saw it verified
  std::int64_t microseconds;       // mint, call and report together
  std::string summary;
};

struct JobResult {
  std::string execution_id;
  std::int64_t workflow_version;
  std::vector<StepView> steps;
  std::int64_t changed;
  std::string file;
  std::string diff;
};

// ManifestUpload brings a manifest of the user's to the sample API.
struct ManifestUpload {
  std::string file_name;
  std::string manifest;
  std::string advisories;  // OSV
};

// upload_manifest hands a manifest to the sample API. Refuses what the API refuses.
Status upload_manifest(const DevInfo& dev, HttpClient& http, const ManifestUpload& upload);

// run_job runs the workflow once; on_step is called after each step. Refuses with the first
// refusal of authority or guard, naming the step.
Result<JobResult> run_job(const DevInfo& dev, HttpClient& http, const Clock& clock,
                          const std::function<void(const StepView&)>& on_step);

}  // namespace ajwt::demo
