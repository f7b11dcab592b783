// SPDX-License-Identifier: Apache-2.0
#include "protocol/nonce.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/secret.h"
#include "crypto/hash.h"
#include "jose/base64url.h"

namespace ajwt {
namespace {

constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kMacBytes = 16;
constexpr long long kSlicesPerLifetime = 8;

using NonceBytes = std::array<std::uint8_t, kTimeBytes + kMacBytes>;

// make_nonce returns slice time (big-endian) || the first half of its MAC.
NonceBytes make_nonce(const Digest& key, std::uint64_t slice) {
  NonceBytes nonce{};
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    nonce[i] = static_cast<std::uint8_t>(slice >> (8 * (kTimeBytes - 1 - i)));
  }
  const Digest mac = crypto::hmac_sha256(key, ByteView(nonce).first(kTimeBytes));
  std::copy_n(mac.begin(), kMacBytes, nonce.begin() + kTimeBytes);
  return nonce;
}

std::uint64_t read_slice(ByteView nonce) {
  std::uint64_t slice = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) slice = (slice << 8) | nonce[i];
  return slice;
}

}  // namespace

NonceIssuer::NonceIssuer(Digest key, Seconds lifetime) : key_(key), lifetime_(lifetime) {
  wipe(key.data(), key.size());
}

NonceIssuer::~NonceIssuer() { wipe(key_.data(), key_.size()); }

std::string NonceIssuer::issue(Instant now) const {
  const long long length = std::max(lifetime_.count() / kSlicesPerLifetime, 1LL);
  const long long slice = to_unix(now) - to_unix(now) % length;
  return jose::encode_base64url(make_nonce(key_, static_cast<std::uint64_t>(slice)));
}

Status NonceIssuer::check(std::string_view nonce, Instant now) const {
  const auto bytes = jose::decode_base64url(nonce);
  if (!bytes || bytes->size() != kTimeBytes + kMacBytes) {
    return refuse(Code::k_proof_nonce_refused).with_detail("malformed");
  }
  const std::uint64_t slice = read_slice(*bytes);
  if (!equal_constant_time(ByteView(make_nonce(key_, slice)), ByteView(*bytes))) {
    return refuse(Code::k_proof_nonce_refused).with_detail("not ours");
  }
  // From here on the time is one that we wrote.
  const Seconds age = now - from_unix(static_cast<long long>(slice));
  if (age < Seconds(0)) return refuse(Code::k_proof_nonce_refused).with_detail("from the future");
  if (age > lifetime_) return refuse(Code::k_proof_nonce_refused).with_detail("too old");
  return ok();
}

}  // namespace ajwt
