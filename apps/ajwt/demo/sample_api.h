// SPDX-License-Identifier: Apache-2.0
//
// The sample API that stands behind the guard: it owns a scratch copy of a manifest and really
// edits it. It knows nothing of tokens; who may call what is the guard's to decide, so it answers
// nobody but the guard.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ajwt/demo/advisory.h"
#include "apps/ajwt/demo/manifest.h"
#include "base/http_message.h"
#include "base/result.h"
#include "json/value.h"

namespace ajwt::demo {

// Change is one version that a proposal replaces.
struct Change {
  std::string name;
  std::string from;
  std::string to;
};

// SampleApi answers
//   GET  /manifest                -> {file, ecosystem, packages: [{name, version}]}
//   POST /advisories/query        {packages: [{name, version}]} -> {findings: [...]}
//   POST /proposals               {changes: [{name, from, to}]} -> {proposal_id}
//   POST /proposals/{id}/apply    -> {changed, diff}
//   POST /manifest                {manifest, advisories?, file} -> a new scratch copy (see below)
// Safe for concurrent use. The last one is how `ajwt demo run FILE` brings its own manifest; it is
// refused unless the request carries the X-Demo-Control secret, which only dev.json has: the guard
// has no route for it. Everything else is refused with k_client_unauthorized unless it carries the
// secret that the guard adds (kGuardSecretField): whoever reaches the port could otherwise say by
// X-Agent-* that it is anybody.
class SampleApi {
 public:
  static constexpr std::string_view kGuardSecretField = "X-Guard-Secret";

  struct Secrets {
    std::string control;
    std::string guard;
  };

  // create refuses k_io_failed if the folder cannot be made. There is no manifest before load.
  static Result<std::unique_ptr<SampleApi>> create(const std::filesystem::path& scratch,
                                                   Secrets secrets);

  // load replaces the manifest under work and forgets every proposal.
  Status load(const std::string& file_name, std::string manifest, std::string_view advisories);

  HttpResponse handle(const HttpRequest& request);

 private:
  SampleApi(std::filesystem::path scratch, Secrets secrets);
  Result<json::Object> answer(const HttpRequest& request);
  json::Object describe() const;
  Result<json::Object> query(const json::Object& body) const;
  Result<json::Object> propose(const json::Object& body);
  Result<json::Object> apply(const std::string& proposal_id);
  Result<json::Object> replace(const HttpRequest& request);
  Status replace_manifest(const std::string& file_name, std::string manifest,
                          std::string_view advisories);
  Status write_scratch(const std::string& text) const;

  const std::filesystem::path scratch_;
  const Secrets secrets_;
  mutable std::mutex mutex_;
  std::string file_name_;
  Manifest manifest_{Ecosystem::kNpm, "", {}};
  std::vector<Advisory> advisories_;
  std::map<std::string, std::vector<Change>> proposals_;
  int next_proposal_ = 1;
};

}  // namespace ajwt::demo
