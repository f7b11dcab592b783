// SPDX-License-Identifier: Apache-2.0
//
// Where requests that carry secrets or tokens may go. Internal to shim.
#pragma once

#include <string_view>

#include "base/result.h"
#include "shim/authority_client.h"

namespace ajwt::shim {

// check_transport refuses k_configuration_refused for a URL without TLS at another machine, unless
// that is allowed. `what` names the setting: "the issuer". Another scheme than http is none of its
// business.
Status check_transport(std::string_view what, std::string_view url, PlainHttp plain_http);

}  // namespace ajwt::shim
