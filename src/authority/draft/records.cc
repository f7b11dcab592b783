// SPDX-License-Identifier: Apache-2.0
#include "authority/draft/records.h"

namespace ajwt::authority {

DraftAgentAsLoaded as_loaded(const DraftAgent& agent) {
  return {agent.app_id, agent.agent_id, agent.row_version};
}

}  // namespace ajwt::authority
