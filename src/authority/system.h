// SPDX-License-Identifier: Apache-2.0
//
// The authority's own names: what it does by itself, and its administration, belong to them.
#pragma once

#include "base/id.h"

namespace ajwt::authority {

// system_app_id names the application of the administrators; entries of the audit that belong to
// no other application are its own.
inline AppId system_app_id() { return AppId::trusted("ajwt-admin"); }

// system_client_id names the first administrator's client; entries for what the authority did by
// itself carry it too, since nobody else can have caused them.
inline ClientId system_client_id() { return ClientId::trusted("ajwt-admin"); }

}  // namespace ajwt::authority
