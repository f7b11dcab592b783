// SPDX-License-Identifier: Apache-2.0
//
// Registration of workflows (draft 6.3; protocol 4.1, 3.3).
#pragma once

#include <string_view>

#include "authority/context.h"
#include "base/result.h"
#include "json/value.h"

namespace ajwt::authority {

// RegisterWorkflowRequest is the body of POST /intent/register/workflow.
struct RegisterWorkflowRequest {
  AppId app_id;
  Workflow workflow;
};

// parse_register_workflow reads {app_id, workflow_id, steps}; `own` is the caller's application,
// which app_id defaults to.
Result<RegisterWorkflowRequest> parse_register_workflow(const json::Object& body, const AppId& own);

// RegisterWorkflowAnswer: kUnchanged returns the newest version, which is equal.
enum class WorkflowOutcome { kCreated, kUnchanged };

struct RegisterWorkflowAnswer {
  WorkflowOutcome outcome;
  StoredWorkflow workflow;
};

// register_workflow gives the next version, or returns the newest one unchanged if it is equal.
// An agent without a frozen grant gets the permissions of the steps that name it, frozen; a step
// beyond its agent's grant is refused, and so is a step of an agent that names no audience or no
// scopes: it could never be minted for. Where the application asks for a second administrator, the
// version waits for confirm_workflow, and no grant is frozen before. Refuses k_workflow_malformed,
// k_workflow_agent_unknown, k_workflow_exceeds_grant, k_client_unauthorized, k_state_changed.
Result<RegisterWorkflowAnswer> register_workflow(Context& context, const Caller& caller,
                                                 const RegisterWorkflowRequest& request,
                                                 std::string_view decision_id, Instant now);

// confirm_workflow makes a version usable that waits for it, for another client than the one that
// registered it: two credentials, which people hold if you give them to two. It is judged again as
// register_workflow judges; what is usable already is returned as it is. Refuses k_not_found,
// k_second_administrator_needed, and what register_workflow refuses.
Result<StoredWorkflow> confirm_workflow(Context& context, const Caller& caller, const AppId& app_id,
                                        const WorkflowId& workflow_id, std::int64_t version,
                                        std::string_view decision_id, Instant now);

// write_workflow returns the version as answers show it.
json::Object write_workflow(const StoredWorkflow& workflow);

}  // namespace ajwt::authority
