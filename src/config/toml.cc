// SPDX-License-Identifier: Apache-2.0
#include "config/toml.h"

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <exception>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

namespace ajwt::config {
namespace {

// Messages quote the file, and a terminal must not obey what it says.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return text;
}

std::string located(std::string_view source_name, std::optional<Position> position,
                    std::string_view what) {
  std::string message(source_name);
  if (position) {
    message += ":" + std::to_string(position->line) + ":" + std::to_string(position->column);
  }
  return printable(message.append(": ").append(what));
}

std::optional<Position> position_of(const toml::source_region& region) {
  if (region.begin.line == 0) return std::nullopt;
  return Position{region.begin.line, region.begin.column};
}

// Reader turns toml++'s nodes into values and notes where they stand.
class Reader {
 public:
  explicit Reader(Document& document) : document_(document) {}

  Result<json::Object> read_table(const toml::table& table, const std::string& pointer) {
    // toml++ sorts keys by name; the text's order is in their positions.
    std::vector<std::pair<const toml::key*, const toml::node*>> members;
    for (auto&& [key, node] : table) members.emplace_back(&key, &node);
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
      const auto& left = a.first->source().begin;
      const auto& right = b.first->source().begin;
      return std::pair(left.line, left.column) < std::pair(right.line, right.column);
    });
    json::Object object;
    for (const auto& [key, node] : members) {
      const std::string at = append_pointer(pointer, key->str());
      note(at, key->source(), *node);
      AJWT_ASSIGN(json::Value value, read(*node, at));
      object.append(key->str(), std::move(value));
    }
    return object;
  }

 private:
  Result<json::Array> read_array(const toml::array& array, const std::string& pointer) {
    json::Array values;
    for (std::size_t i = 0; i < array.size(); ++i) {
      const std::string at = append_pointer(pointer, std::to_string(i));
      note(at, array[i].source(), array[i]);
      AJWT_ASSIGN(json::Value value, read(array[i], at));
      values.push_back(std::move(value));
    }
    return values;
  }

  Result<json::Value> read(const toml::node& node, const std::string& pointer) {
    switch (node.type()) {
      case toml::node_type::table: {
        AJWT_ASSIGN(json::Object object, read_table(*node.as_table(), pointer));
        return json::Value(std::move(object));
      }
      case toml::node_type::array: {
        AJWT_ASSIGN(json::Array array, read_array(*node.as_array(), pointer));
        return json::Value(std::move(array));
      }
      case toml::node_type::string:
        return json::Value(node.as_string()->get());
      case toml::node_type::integer:
        return json::Value(std::int64_t{node.as_integer()->get()});
      case toml::node_type::boolean:
        return json::Value(bool{node.as_boolean()->get()});
      case toml::node_type::floating_point:
        return document_.refuse_at(pointer, "fractions are not used here");
      case toml::node_type::date:
      case toml::node_type::time:
      case toml::node_type::date_time:
        return document_.refuse_at(pointer, "dates and times are not used here; quote a text");
      case toml::node_type::none:
        break;
    }
    return document_.refuse_at(pointer, "the value is of no known type");
  }

  void note(const std::string& pointer, const toml::source_region& first, const toml::node& node) {
    auto position = position_of(first);
    if (!position) position = position_of(node.source());
    if (position) document_.positions.emplace(pointer, *position);
  }

  Document& document_;
};

}  // namespace

std::optional<Position> Document::find_position(std::string_view pointer) const {
  while (true) {
    if (const auto found = positions.find(pointer); found != positions.end()) return found->second;
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    pointer = pointer.substr(0, slash);
  }
}

Error Document::refuse_at(std::string_view pointer, std::string_view what) const {
  return refuse(Code::k_configuration_refused, located(source_name, find_position(pointer), what));
}

std::string append_pointer(std::string_view pointer, std::string_view token) {
  std::string out(pointer);
  out += '/';
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

Result<Document> parse_toml(std::string_view text, std::string_view source_name) {
  if (text.size() > kMaxDocumentBytes) {
    return refuse(Code::k_configuration_refused,
                  located(source_name, std::nullopt, "is larger than 1 MiB"));
  }
  Document document{.source_name = std::string(source_name), .root = {}, .positions = {}};
  try {
    const toml::table table = toml::parse(text, source_name);
    AJWT_ASSIGN(document.root, Reader(document).read_table(table, {}));
  } catch (const toml::parse_error& error) {
    return refuse(Code::k_configuration_refused,
                  located(source_name, position_of(error.source()), error.description()));
  } catch (const std::exception& error) {
    return refuse(Code::k_configuration_refused,
                  located(source_name, std::nullopt, "cannot be read as TOML"))
        .with_detail(printable(error.what()));
  }
  return document;
}

Result<Document> load_toml(const std::string& path) {
  const auto failed = [&path] {
    return refuse(Code::k_io_failed, path + ": " + std::generic_category().message(errno));
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed();
  std::string text(kMaxDocumentBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return failed();
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_toml(text, path);
}

}  // namespace ajwt::config
