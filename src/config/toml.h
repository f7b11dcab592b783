// SPDX-License-Identifier: Apache-2.0
//
// Configuration files: TOML in, JSON values and the places where they stand out. Errors read like a
// compiler's, so that an editor can jump to them: "guard.toml:12:3: ...".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::config {

// kMaxDocumentBytes is the size of the largest file that is read.
inline constexpr std::size_t kMaxDocumentBytes = 1024 * 1024;

// Position is a place in a text; both numbers count from 1.
struct Position {
  std::uint32_t line;
  std::uint32_t column;
  friend bool operator==(const Position&, const Position&) = default;
};

// Document is what a file says, and where it says it. Places are named by JSON pointers (RFC 6901)
// into `root`: "/route/0/path".
struct Document {
  std::string source_name;
  json::Object root;  // members in the order of the text
  std::map<std::string, Position, std::less<>> positions;

  // find_position returns where the thing at `pointer` stands, or where the nearest thing around it
  // does; nothing for an empty document.
  std::optional<Position> find_position(std::string_view pointer) const;
  // refuse_at returns k_configuration_refused with "source:line:column: what" as message.
  Error refuse_at(std::string_view pointer, std::string_view what) const;
};

// parse_toml reads TOML 1.0. Refuses k_configuration_refused with place and cause: a syntax error,
// a key twice, text that is not UTF-8, more than kMaxDocumentBytes; dates, times and floats, which
// no setting of ours is.
Result<Document> parse_toml(std::string_view text, std::string_view source_name);

// load_toml reads a file; the path as given is the source name. Refuses k_io_failed naming path and
// cause, and what parse_toml refuses.
Result<Document> load_toml(const std::string& path);

// find_nearest returns the known word that `word` is probably a misspelling of: at most a third of
// its letters wrong, left out, doubled or swapped with their neighbour.
std::optional<std::string_view> find_nearest(std::string_view word,
                                             std::span<const std::string_view> known);

// check_keys refuses k_configuration_refused for the first member of `table` that is not known,
// with its place and the word that was probably meant. `pointer` is the table's own.
Status check_keys(const Document& document, const json::Object& table, std::string_view pointer,
                  std::span<const std::string_view> known);

// append_pointer returns `pointer` with one more reference token, escaped (RFC 6901 3).
std::string append_pointer(std::string_view pointer, std::string_view token);

}  // namespace ajwt::config
