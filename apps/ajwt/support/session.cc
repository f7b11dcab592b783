// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/session.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "apps/ajwt/support/time_text.h"
#include "base/bytes.h"
#include "json/write.h"

namespace ajwt::app {
namespace {

// Columns count characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t used = width_of(text);
  return used >= width ? text : text + std::string(width - used, ' ');
}

// member_text is text_of, with times (created_at, ...) as people read them.
std::string member_text(const std::string& name, const json::Value& value) {
  const std::int64_t* seconds = value.find_integer();
  if (seconds != nullptr && name.ends_with("_at")) return time_text(from_unix(*seconds));
  return text_of(value);
}

std::string cell(const json::Object& row, const std::string& column) {
  const json::Value* value = row.find(column);
  return value == nullptr ? "-" : member_text(column, *value);
}

// list_of joins items for one line.
std::string list_of(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  const auto escape = [&out](unsigned char byte) { out += "\\x" + to_hex(ByteView(&byte, 1)); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0xffU;
    if (byte < 0x20 || byte == 0x7f) {
      escape(byte);
    } else if (byte == 0xc2 && next < 0xa0) {
      // C1 controls, which some terminals obey, are U+0080 to U+009F: two bytes of UTF-8.
      escape(byte);
      escape(static_cast<unsigned char>(next));
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string text_of(const json::Value& value) {
  if (const auto* text = value.find_string()) return printable(*text);
  if (const auto* array = value.find_array()) {
    const bool strings = std::all_of(array->begin(), array->end(), [](const json::Value& item) {
      return item.find_string() != nullptr;
    });
    if (strings) {
      std::string joined;
      for (const auto& item : *array) {
        joined += (joined.empty() ? "" : " ") + printable(item.as_string());
      }
      return joined.empty() ? "-" : joined;
    }
  }
  return printable(json::write(value));
}

bool Session::colours() const {
  const char* no_color = std::getenv("NO_COLOR");
  return format == OutputFormat::kTable && (no_color == nullptr || *no_color == '\0') &&
         isatty(STDOUT_FILENO) == 1;
}

void Session::print_json(const json::Value& value) { out_ << json::write_indented(value) << '\n'; }

void Session::print_fields(const json::Object& fields) {
  if (is_json()) {
    print_json(json::Value(fields));
    return;
  }
  std::size_t width = 0;
  for (const auto& member : fields.members()) width = std::max(width, width_of(member.name));
  for (const auto& member : fields.members()) {
    out_ << padded(member.name, width) << "  " << member_text(member.name, member.value) << '\n';
  }
}

void Session::print_rows(const std::vector<std::string>& columns, const json::Array& rows) {
  if (is_json()) {
    print_json(json::Value(rows));
    return;
  }
  std::vector<std::size_t> widths;
  for (const auto& column : columns) {
    std::size_t width = width_of(column);
    for (const auto& row : rows) width = std::max(width, width_of(cell(row.as_object(), column)));
    widths.push_back(width);
  }
  const auto print_line = [&](const auto& text_in) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      line += padded(text_in(columns[i]), widths[i]) + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out_ << line << '\n';
  };
  print_line([](const std::string& column) { return column; });
  for (const auto& row : rows) {
    print_line([&](const std::string& column) { return cell(row.as_object(), column); });
  }
}

void Session::note(std::string_view line) {
  if (!is_json()) err_ << line << '\n';
}

void Session::fail(const Error& error, std::string_view hint) {
  exit_code_ = exit_code_of(error.code());
  if (is_json()) {
    json::Object out;
    out.set("error", error.describe());
    out.set("reason", error.reason().name);
    if (!error.items().empty()) out.set("items", json::string_array(error.items()));
    if (!error.detail().empty()) out.set("detail", error.detail());
    if (!hint.empty()) out.set("hint", hint);
    print_json(json::Value(std::move(out)));
    return;
  }
  err_ << "ajwt: " << error.reason().name << ": " << printable(error.describe());
  if (!error.items().empty()) err_ << " [" << printable(list_of(error.items())) << ']';
  if (!error.detail().empty()) err_ << " (" << printable(error.detail()) << ')';
  if (!hint.empty()) err_ << " Try: " << hint;
  err_ << '\n';
}

}  // namespace ajwt::app
