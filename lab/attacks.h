// SPDX-License-Identifier: Apache-2.0
//
// The attacks by file: lab/attacks/<name>.cc. T10 (intent forgery) comes with intents.
#pragma once

#include "lab/attack.h"

namespace ajwt::lab {

Attack t01_identity_spoofing();
Attack t02_token_replay();
Attack t03_shim_impersonation();
Attack t04_runtime_modification();
Attack t05_prompt_injection();
Attack t06_workflow_tampering();
Attack t07_cross_agent_escalation();
Attack t08_step_bypass();
Attack t09_scope_inflation();
Attack t11_chain_manipulation();
Attack t12_configuration_exposure();

}  // namespace ajwt::lab
