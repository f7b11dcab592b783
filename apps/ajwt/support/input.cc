// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/input.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "json/parse.h"

namespace ajwt::app {
namespace {

constexpr std::string_view kStandardInput = "-";

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;

std::string shown_name(const std::string& name) {
  return name == kStandardInput ? "standard input" : name;
}

// about puts the file's name before what is wrong with its content.
Error about(const std::string& name, const Error& error) {
  return refuse(error.code(), shown_name(name) + ": " + error.message())
      .with_detail(error.detail());
}

}  // namespace

Result<std::string> read_input(const std::string& name, std::size_t max_bytes) {
  std::error_code error;
  if (name != kStandardInput && std::filesystem::is_directory(name, error)) {
    return refuse(Code::k_io_failed, name + " is a directory.");
  }
  const FileHandle file(name == kStandardInput ? stdin : std::fopen(name.c_str(), "rbe"));
  if (file == nullptr) {
    return refuse(Code::k_io_failed, "cannot read " + name + ": " + std::strerror(errno) + ".");
  }
  std::string text(max_bytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return refuse(Code::k_io_failed, "cannot read " + shown_name(name) + ".");
  }
  if (text.size() > max_bytes) {
    return refuse(Code::k_limit_exceeded,
                  shown_name(name) + " has more than " + std::to_string(max_bytes) + " bytes.");
  }
  return text;
}

Result<json::Object> read_json_input(const std::string& name) {
  AJWT_ASSIGN(const std::string text, read_input(name));
  auto object = json::parse_object(text, {.max_bytes = kMaxDocumentBytes});
  if (!object) return about(name, object.error());
  return object;
}

Result<std::string> read_token_input(const std::string& argument) {
  std::string text = argument;
  if (argument == kStandardInput) {
    AJWT_ASSIGN(text, read_input(argument, kMaxTokenInputBytes));
  }
  constexpr std::string_view kSpace = " \t\r\n";
  text.erase(0, text.find_first_not_of(kSpace));
  text.erase(std::min(text.find_first_of(kSpace), text.size()));
  if (text.empty()) return refuse(Code::k_parameter_malformed, "The token is empty.");
  if (text.size() > kMaxTokenInputBytes) {
    return refuse(Code::k_limit_exceeded,
                  "A token has at most " + std::to_string(kMaxTokenInputBytes) + " bytes.");
  }
  return text;
}

}  // namespace ajwt::app
