// SPDX-License-Identifier: Apache-2.0
//
// base64url: one text for one byte string, as libsodium reads it too.

#include <sodium.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "jose/base64url.h"

namespace ajwt {
namespace {

void check_text(std::string_view text) {
  const auto decoded = jose::decode_base64url(text);
  Bytes other(text.size() + 1);
  std::size_t length = 0;
  const int refused =
      sodium_base642bin(other.data(), other.size(), text.data(), text.size(), nullptr, &length,
                        nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  // libsodium 1.0.18 takes some bytes beyond ASCII for digits; apart from these, both agree.
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<signed char>(c) >= 0; });
  AJWT_CHECK(decoded.has_value() == (ascii && refused == 0));
  if (!decoded) {
    AJWT_CHECK(decoded.error().code() == Code::k_base64_malformed);
    return;
  }
  other.resize(length);
  AJWT_CHECK(*decoded == other);
  // No second spelling: the text is the only one of its bytes.
  AJWT_CHECK(jose::encode_base64url(*decoded) == text);
}

void check_bytes(ByteView bytes) {
  const std::string text = jose::encode_base64url(bytes);
  const auto decoded = jose::decode_base64url(text);
  AJWT_CHECK(decoded && as_text(*decoded) == as_text(bytes));
  for (const char skipped : {'=', '\n', ' ', '+', '/', '\0'}) {
    AJWT_CHECK(!jose::decode_base64url(text + skipped));
  }
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ajwt::check_text(ajwt::fuzz::text_of(data, size));
  ajwt::check_bytes(ajwt::ByteView(data, size));
  return 0;
}
