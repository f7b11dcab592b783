// SPDX-License-Identifier: Apache-2.0
//
// Choices: a fuzz target's input as a row of small decisions. Every input means something, so that
// no bytes are wasted on being malformed in uninteresting ways.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace ajwt::fuzz {

// Choices reads from the front of the input, which must outlive it. What is asked for beyond the
// end is zero or empty.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : text_(as_text(ByteView(data, size))) {}

  bool empty() const { return text_.empty(); }
  std::uint8_t byte() {
    if (text_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(text_.front());
    text_.remove_prefix(1);
    return value;
  }
  // index returns a number below `count`, or 0 if there is none.
  std::size_t index(std::size_t count) {
    const std::size_t low = byte();
    const std::size_t high = count > 256 ? byte() : 0;
    return count == 0 ? 0 : (high * 256 + low) % count;
  }
  // take returns the next bytes, as many as there are up to `size`.
  std::string_view take(std::size_t size) {
    const auto part = text_.substr(0, size);
    text_.remove_prefix(part.size());
    return part;
  }
  std::string_view rest() { return take(text_.size()); }

 private:
  std::string_view text_;
};

// text_of views the whole input as text.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return as_text(ByteView(data, size));
}

}  // namespace ajwt::fuzz
