// SPDX-License-Identifier: Apache-2.0
//
// DevInfo: what `ajwt dev` writes to dev.json so that other commands find the running system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::demo {

struct DevInfo {
  std::int64_t pid = 0;
  std::string issuer;
  std::string guard_url;
  std::string api_url;
  std::string control;        // secret by which `demo run FILE` gives the sample API its manifest
  std::string client_key;     // key file of client patch-fleet
  std::string registrar_key;  // key file of client patch-fleet-ci
  std::string admin_client_id;
  std::string admin_key;
  std::map<std::string, std::string> agent_keys;
  std::string data;      // the data folder
  std::string log_file;  // what authority and guard log
};

json::Object to_json(const DevInfo& info);
Result<DevInfo> parse_dev_info(const json::Object& object);

// default_dev_folder is ./.ajwt-dev.
std::filesystem::path default_dev_folder();

// load_dev_info reads <folder>/dev.json. Refuses k_network_failed ("start `ajwt dev`"),
// k_io_failed, k_json_*.
Result<DevInfo> load_dev_info(const std::filesystem::path& folder);

}  // namespace ajwt::demo
