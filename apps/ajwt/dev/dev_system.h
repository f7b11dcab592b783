// SPDX-License-Identifier: Apache-2.0
//
// DevSystem: authority, guard and sample API in one process on loopback, with the demo's fleet
// registered: what `ajwt dev` runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/ajwt/demo/dev_info.h"
#include "base/result.h"

namespace ajwt::app {

struct DevOptions {
  std::filesystem::path data = demo::default_dev_folder();
  std::uint16_t port_base = 8710;  // authority, guard, API: this and the next two; 0: any free ones
  std::string otlp_endpoint = {};  // where the spans of authority and guard go; empty: nowhere
};

// DevSystem runs from start() until it goes.
class DevSystem {
 public:
  // start starts everything, registers the demo's fleet and writes dev.json. Refuses what the
  // parts refuse (k_address_in_use, k_io_failed, k_store_*); nothing is left running.
  static Result<std::unique_ptr<DevSystem>> start(const DevOptions& options);
  // ~DevSystem stops guard, API and authority and removes dev.json.
  ~DevSystem();
  DevSystem(const DevSystem&) = delete;
  DevSystem& operator=(const DevSystem&) = delete;

  const demo::DevInfo& info() const;

 private:
  class Parts;
  explicit DevSystem(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ajwt::app
