// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/form.h"

#include <algorithm>

#include "json/utf8.h"

namespace ajwt::authority {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<std::string> decode_part(std::string_view text) {
  auto decoded = decode_percent(text, PlusSign::kSpace);
  if (!is_printable(text) || !decoded || decoded->find('\0') != std::string::npos ||
      !json::is_utf8(*decoded)) {
    return refuse(Code::k_parameter_malformed, "The form encoding is malformed.");
  }
  return *std::move(decoded);
}

}  // namespace

std::optional<std::string> decode_percent(std::string_view text, PlusSign plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusSign::kSpace) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      decoded += static_cast<char>(static_cast<unsigned char>(*high << 4U | *low));
      i += 2;
    }
  }
  return decoded;
}

Result<Form> Form::parse(std::string_view text) {
  Form form;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    const bool more = end < text.size();
    text.remove_prefix(more ? end + 1 : end);
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos || (more && text.empty())) {
      return refuse(Code::k_parameter_malformed, "The form encoding is malformed.");
    }
    if (form.parameters_.size() == kMaxFormParameters) {
      return refuse(Code::k_parameter_malformed, "There are too many parameters.");
    }
    AJWT_ASSIGN(std::string name, decode_part(pair.substr(0, equals)));
    AJWT_ASSIGN(std::string value, decode_part(pair.substr(equals + 1)));
    form.parameters_.emplace_back(std::move(name), std::move(value));
  }
  return form;
}

Status Form::check_no_repeats(std::initializer_list<std::string_view> repeatable) const {
  for (auto one = parameters_.begin(); one != parameters_.end(); ++one) {
    const bool may =
        std::find(repeatable.begin(), repeatable.end(), one->first) != repeatable.end();
    const bool again = std::any_of(
        parameters_.begin(), one, [&](const auto& earlier) { return earlier.first == one->first; });
    // A parameter that two readers could take from different places is refused, known or not.
    if (again && !may) return refuse(Code::k_parameter_duplicated, one->first);
  }
  return ok();
}

std::optional<std::string_view> Form::find(std::string_view name) const {
  for (const auto& [own, value] : parameters_) {
    if (own == name && !value.empty()) return value;
  }
  return std::nullopt;
}

Result<std::string_view> Form::get(std::string_view name) const {
  if (const auto value = find(name)) return *value;
  return refuse(Code::k_parameter_missing, std::string(name));
}

std::vector<std::string_view> Form::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [own, value] : parameters_) {
    if (own == name && !value.empty()) values.emplace_back(value);
  }
  return values;
}

bool Form::has(std::string_view name) const {
  return std::any_of(parameters_.begin(), parameters_.end(),
                     [&](const auto& parameter) { return parameter.first == name; });
}

}  // namespace ajwt::authority
