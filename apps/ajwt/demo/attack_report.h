// SPDX-License-Identifier: Apache-2.0
//
// Runs the lab's attacks on the running `ajwt dev` and shows for each what was sent, what refused
// it and why.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/ajwt/demo/dev_info.h"
#include "apps/ajwt/support/session.h"
#include "base/result.h"
#include "lab/scene.h"

namespace ajwt::demo {

// load_target returns the running system as the lab sees it. Refuses what reading key files does.
Result<lab::Target> load_target(const DevInfo& dev);

// run_attacks runs the attacks named by id ("T2") or name ("t02-token-replay"), or all for none.
// Returns whether the defence held: each attack's honest twin worked and each attempt was refused
// for the expected reason. An attack whose twin fails is reported, and the next one runs. Refuses
// k_not_found for a name that no attack has, and what load_dev_info refuses.
Result<bool> run_attacks(app::Session& session, const std::filesystem::path& dev_folder,
                         const std::vector<std::string>& names);

}  // namespace ajwt::demo
