// SPDX-License-Identifier: Apache-2.0
//
// Forms: what is read is written, strictly escaped, and read again as the same parameters.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "authority/oauth/form.h"
#include "base/check.h"
#include "fuzz/support/choices.h"
#include "json/utf8.h"

namespace ajwt {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
}

void check(const authority::Form& form) {
  AJWT_CHECK(form.parameters().size() <= authority::kMaxFormParameters);
  std::string written;
  for (const auto& [name, value] : form.parameters()) {
    AJWT_CHECK(!name.empty() && form.has(name));
    AJWT_CHECK(json::is_utf8(name) && json::is_utf8(value));
    AJWT_CHECK((name + value).find('\0') == std::string::npos);
    if (!written.empty()) written += '&';
    append_escaped(written, name);
    written += '=';
    append_escaped(written, value);
    AJWT_CHECK(form.find(name).has_value() == !form.all(name).empty());
  }
  const auto again = authority::Form::parse(written);
  AJWT_CHECK(again && again->parameters() == form.parameters());
  AJWT_CHECK(again->check_no_repeats({}).has_value() == form.check_no_repeats({}).has_value());
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ajwt::fuzz::text_of(data, size);
  const auto form = ajwt::authority::Form::parse(text);
  if (form) ajwt::check(*form);
  const auto path = ajwt::authority::decode_percent(text, ajwt::authority::PlusSign::kPlus);
  if (path) AJWT_CHECK(path->size() <= text.size());
  return 0;
}
