// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt-driver/base64.h"

#include <algorithm>

#include "jose/base64url.h"

namespace ajwt::driver {

Result<Bytes> decode_base64(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string url_safe(text);
  std::replace(url_safe.begin(), url_safe.end(), '+', '-');
  std::replace(url_safe.begin(), url_safe.end(), '/', '_');
  return jose::decode_base64url(url_safe);
}

}  // namespace ajwt::driver
