// SPDX-License-Identifier: Apache-2.0
#include "jose/base64.h"

#include "base/secret.h"
#include "jose/base64url.h"

namespace ajwt::jose {

std::string encode_base64(ByteView bytes) {
  std::string text = encode_base64url(bytes);
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<Bytes> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return refuse(Code::k_base64_malformed);
  std::string unpadded(text);
  for (int i = 0; i < 2 && unpadded.ends_with('='); ++i) unpadded.pop_back();
  for (char& c : unpadded) {
    if (c == '-' || c == '_') return refuse(Code::k_base64_malformed);
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  auto bytes = decode_base64url(unpadded);
  // It may spell a password.
  wipe(unpadded.data(), unpadded.size());
  return bytes;
}

}  // namespace ajwt::jose
