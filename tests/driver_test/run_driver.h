// SPDX-License-Identifier: Apache-2.0
//
// Starts the driver, gives it lines and collects its answers.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "json/parse.h"
#include "json/value.h"

namespace ajwt::testing {

inline std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// run_driver gives the driver `input` and returns the lines that it answered; the driver must end
// by itself, at the end of input, with exit code 0.
inline std::vector<std::string> run_driver(std::string_view input) {
  const std::string path =
      ::testing::TempDir() + "ajwt_driver_" + std::to_string(::getpid()) + ".jsonl";
  std::ofstream(path, std::ios::binary) << input;
  const std::string command = std::string("'") + AJWT_DRIVER + "' < '" + path + "'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 65536> buffer{};
  for (std::size_t n = 0;
       pipe != nullptr && (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), n);
  }
  EXPECT_EQ(pipe == nullptr ? -1 : ::pclose(pipe), 0);
  std::remove(path.c_str());
  return split_lines(output);
}

// run_requests writes one request a line and returns the answers, one for each.
inline std::vector<json::Object> run_requests(const std::vector<std::string>& requests) {
  std::string input;
  for (const std::string& request : requests) input += request + "\n";
  std::vector<json::Object> answers;
  for (const std::string& line : run_driver(input)) {
    auto answer = json::parse_object(line, json::Limits{16 * 1024 * 1024, 64});
    EXPECT_TRUE(answer.has_value()) << line;
    answers.push_back(answer ? *std::move(answer) : json::Object());
  }
  EXPECT_EQ(answers.size(), requests.size());
  answers.resize(requests.size());
  return answers;
}

// is_ok tells whether an answer says so.
inline bool is_ok(const json::Object& answer) {
  const json::Value* ok = answer.find("ok");
  return ok != nullptr && ok->find_boolean() != nullptr && *ok->find_boolean();
}

// text_in returns a member of an answer, or "" if there is none.
inline std::string text_in(const json::Object& answer, std::string_view name) {
  const json::Value* value = answer.find(name);
  return value == nullptr || value->find_string() == nullptr ? "" : *value->find_string();
}

}  // namespace ajwt::testing
