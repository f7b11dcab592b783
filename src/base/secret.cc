// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <cstring>

namespace ajwt {

void wipe(void* memory, std::size_t size) {
  if (size != 0) explicit_bzero(memory, size);
}

}  // namespace ajwt
