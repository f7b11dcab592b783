// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"

namespace ajwt::lab {

const std::vector<Attack>& all_attacks() {
  static const std::vector<Attack> attacks = {
      t01_identity_spoofing(),      t02_token_replay(),
      t03_shim_impersonation(),     t04_runtime_modification(),
      t05_prompt_injection(),       t06_workflow_tampering(),
      t07_cross_agent_escalation(), t08_step_bypass(),
      t09_scope_inflation(),        t11_chain_manipulation(),
      t12_configuration_exposure(),
  };
  return attacks;
}

}  // namespace ajwt::lab
