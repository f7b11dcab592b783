// SPDX-License-Identifier: Apache-2.0
//
// Workflows as the reference clients of draft-00 write them (draft 6.3.3; protocol 5.3).
#pragma once

#include "base/result.h"
#include "json/value.h"
#include "protocol/workflow.h"

namespace ajwt {

// parse_draft_workflow reads what parse_workflow reads, and what reference clients do otherwise: a
// member that is null is absent, a step's agent may be called `agent`, and a step has scopes
// without an audience. It refuses what parse_workflow refuses, and k_not_supported for members that
// only mean something with an execution (max_uses, completion, audience).
Result<Workflow> parse_draft_workflow(const json::Object& workflow);

// without_nulls returns the object without its null members; nested objects and arrays of objects
// alike. Serialisers of reference clients write every optional member.
json::Object without_nulls(const json::Object& object);

}  // namespace ajwt
