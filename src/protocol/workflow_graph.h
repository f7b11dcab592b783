// SPDX-License-Identifier: Apache-2.0
//
// What a workflow's steps must be to one another (protocol 4.1).
#pragma once

#include "base/result.h"
#include "protocol/workflow.h"

namespace ajwt {

// check_workflow_graph refuses k_workflow_dependency_unknown, k_workflow_cyclic (dependencies
// alone), k_workflow_gate_missing, and k_workflow_step_unreachable for a step that what it waits
// for (dependencies, earlier required steps, its gate) keeps from ever being begun. Messages name
// the step. Steps must have distinct ids.
Status check_workflow_graph(const Workflow& workflow);

}  // namespace ajwt
