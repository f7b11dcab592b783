// SPDX-License-Identifier: Apache-2.0
//
// Secret: text that must not be printed, logged, compared in variable time or left in memory.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace ajwt {

// wipe overwrites memory in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t size);

// Secret owns a string that is wiped when it goes. Move-only; it has no stream or JSON output, so
// putting it into a log does not compile. `reveal` is the one way to the text.
class Secret {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {}
  ~Secret() { clear(); }
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      text_ = std::move(other.text_);
      other.clear();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // reveal views the text; the view lives as long as the Secret stays where it is.
  std::string_view reveal() const { return text_; }
  bool equals(std::string_view other) const { return equal_constant_time(text_, other); }
  Secret clone() const { return Secret(text_); }

 private:
  // clear wipes all that the string owns: a short text that was moved stays in its old place,
  // beyond the size.
  void clear() noexcept {
    text_.resize(text_.capacity());
    wipe(text_.data(), text_.size());
    text_.clear();
  }
  std::string text_;
};

}  // namespace ajwt
