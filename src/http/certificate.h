// SPDX-License-Identifier: Apache-2.0
//
// The certificate that a server shows.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace ajwt::http {

// Certificate is what an operator wants to know of one that was found good.
struct Certificate {
  std::string subject;
  std::string issuer;
  Instant not_after;
};

// inspect_certificate connects to the host of an https URL, as CurlClient would, and asks for
// nothing. Refuses k_network_failed, with the cause in the detail: also for a certificate that
// is not good.
Result<Certificate> inspect_certificate(const std::string& url, const std::string& ca_file);

}  // namespace ajwt::http
