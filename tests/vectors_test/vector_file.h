// SPDX-License-Identifier: Apache-2.0
//
// Reads a vector file; a file that is missing or malformed fails the test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/parse.h"
#include "json/value.h"
#include "tests/support/matchers.h"

namespace ajwt::testing {

// load_own_vector_text returns the bytes of a file of tests/vectors.
inline std::string load_own_vector_text(const std::string& path) {
  std::ifstream file(AJWT_VECTORS_DIR "/" + path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// load_vector_text returns the bytes of a file below tests/vectors/third_party.
inline std::string load_vector_text(const std::string& path) {
  return load_own_vector_text("third_party/" + path);
}

// load_vectors returns the object in a file below tests/vectors/third_party.
inline json::Object load_vectors(const std::string& path) {
  auto object = json::parse_object(load_vector_text(path), json::Limits{16 * 1024 * 1024, 64});
  EXPECT_THAT(object, IsOk()) << path;
  return object ? *std::move(object) : json::Object();
}

// member returns a member that the file is known to have; the vector files are ours to trust.
inline const json::Value& member(const json::Object& object, std::string_view name) {
  const json::Value* value = object.find(name);
  if (value == nullptr) throw std::out_of_range(std::string(name));
  return *value;
}

}  // namespace ajwt::testing
