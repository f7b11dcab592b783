// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/administrator.h"

#include <filesystem>

#include "apps/ajwt/support/key_input.h"
#include "authority/authority.h"
#include "files/private_file.h"
#include "json/write.h"

namespace ajwt::app {
namespace {

Status write_profile(const AdministratorFiles& paths, const std::string& issuer) {
  const json::Object profile{{"issuer", issuer},
                             {"client_id", authority::administrator_client_id().str()},
                             {"key_file", paths.key_file}};
  const std::string text = json::write_indented(profile) + "\n";
  std::error_code error;
  if (std::filesystem::exists(paths.profile, error)) {
    const auto present = files::read_private_file(paths.profile);
    if (present && present->reveal() == text) return ok();
  }
  return files::write_private_file(paths.profile, Secret(text));
}

}  // namespace

Result<AdministratorFiles> set_up_administrator(authority::Store& store, const std::string& data,
                                                const std::string& issuer, Instant now) {
  AdministratorFiles paths{
      .key_file = data + "/admin.key.pem", .profile = data + "/admin.json", .created = false};
  AJWT_ASSIGN(const auto known, store.find_client(authority::administrator_client_id()));
  std::error_code error;
  if (known && !std::filesystem::exists(paths.key_file, error)) return paths;
  if (!known) {
    AJWT_ASSIGN(const KeyFile key, load_or_create_key(paths.key_file));
    AJWT_ASSIGN(const auto outcome,
                authority::create_administrator(store, key.key.public_key(), now));
    paths.created = outcome == authority::AdministratorOutcome::kCreated;
  }
  AJWT_TRY(write_profile(paths, issuer));
  return paths;
}

}  // namespace ajwt::app
