// SPDX-License-Identifier: Apache-2.0
#include "crypto/openssl.h"

#include <string>

#include "base/check.h"

namespace ajwt::crypto {

const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = [] {
    const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    AJWT_CHECK(fetched != nullptr);
    return fetched;
  }();
  return algorithm;
}

Error crypto_failed(std::string_view call) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string detail(call);
  if (reason != nullptr) detail.append(": ").append(reason);
  return refuse(Code::k_crypto_failed).with_detail(std::move(detail));
}

}  // namespace ajwt::crypto
