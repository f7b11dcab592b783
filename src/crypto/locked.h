// SPDX-License-Identifier: Apache-2.0
//
// LockedBytes: memory for key material. Internal to crypto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace ajwt::crypto {

// LockedBytes owns bytes between guard pages, locked if the limits allow, left out of core dumps
// and wiped when they go (sodium_malloc). Move-only.
class LockedBytes {
 public:
  // allocate refuses k_crypto_failed if there is no memory.
  static Result<LockedBytes> allocate(std::size_t size);
  // copy_of is allocate with these bytes in it.
  static Result<LockedBytes> copy_of(ByteView bytes);

  // make_read_only lets the memory fault on writes from here on.
  void make_read_only();
  std::uint8_t* data() { return memory_.get(); }
  ByteView view() const { return {memory_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::uint8_t* memory) const;
  };
  LockedBytes(std::uint8_t* memory, std::size_t size) : memory_(memory), size_(size) {}
  std::unique_ptr<std::uint8_t, Free> memory_;
  std::size_t size_;
};

}  // namespace ajwt::crypto
