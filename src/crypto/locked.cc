// SPDX-License-Identifier: Apache-2.0
#include "crypto/locked.h"

#include <sodium.h>

#include <algorithm>

#include "crypto/key.h"

namespace ajwt::crypto {

Result<LockedBytes> LockedBytes::allocate(std::size_t size) {
  AJWT_TRY(initialise());
  auto* memory = static_cast<std::uint8_t*>(sodium_malloc(size));
  if (memory == nullptr) {
    return refuse(Code::k_crypto_failed).with_detail("no memory for key material");
  }
  return LockedBytes(memory, size);
}

Result<LockedBytes> LockedBytes::copy_of(ByteView bytes) {
  AJWT_ASSIGN(auto locked, allocate(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), locked.data());
  return locked;
}

void LockedBytes::make_read_only() { sodium_mprotect_readonly(memory_.get()); }

void LockedBytes::Free::operator()(std::uint8_t* memory) const { sodium_free(memory); }

}  // namespace ajwt::crypto
