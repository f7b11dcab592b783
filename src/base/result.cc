// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace ajwt {

std::string Error::describe() const {
  std::string text(reason().sentence);
  if (!message_.empty()) {
    text += ' ';
    text += message_;
  }
  return text;
}

}  // namespace ajwt
