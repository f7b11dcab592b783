// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/version.h"

namespace ajwt::app {

std::string_view version() { return AJWT_VERSION; }

std::string version_line() {
  return "ajwt " + std::string(version()) + " (draft-goswami-agentic-jwt-00, RFC 9449)";
}

}  // namespace ajwt::app
