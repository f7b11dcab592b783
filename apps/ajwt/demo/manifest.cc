// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/manifest.h"

#include <algorithm>
#include <optional>

#include "json/parse.h"
#include "json/write.h"

namespace ajwt::demo {
namespace {

constexpr std::size_t kMaxManifestBytes = 1024 * 1024;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// A range of one version, such as "^4.17.15"; anything else ("*", "1.x || 2", a URL) is left alone.
std::optional<Package> parse_range(const std::string& name, const std::string& range) {
  const auto digit = range.find_first_of("0123456789");
  if (digit == std::string::npos) return std::nullopt;
  const std::string prefix = range.substr(0, digit);
  for (const auto* known : {"", "^", "~", ">=", "=", "v"}) {
    if (prefix != known) continue;
    const std::string version = range.substr(digit);
    if (version.find_first_of(" |*:/<>") != std::string::npos) return std::nullopt;
    return Package{name, version, prefix};
  }
  return std::nullopt;
}

Result<Manifest> parse_package_json(std::string text) {
  AJWT_ASSIGN(const auto root,
              json::parse_object(text, {.max_bytes = kMaxManifestBytes, .max_depth = 32}));
  Manifest manifest{Ecosystem::kNpm, std::move(text), {}};
  for (const auto* section : {"dependencies", "devDependencies"}) {
    const json::Value* value = root.find(section);
    if (value == nullptr) continue;
    const json::Object* dependencies = value->find_object();
    if (dependencies == nullptr) return refuse(Code::k_json_wrong_type, section);
    for (const auto& member : dependencies->members()) {
      const std::string* range = member.value.find_string();
      if (range == nullptr) return refuse(Code::k_json_wrong_type, member.name);
      if (auto package = parse_range(member.name, *range)) {
        manifest.packages.push_back(*std::move(package));
      }
    }
  }
  return manifest;
}

Result<Manifest> parse_debian_list(std::string text) {
  Manifest manifest{Ecosystem::kDebian, std::move(text), {}};
  std::size_t number = 0;
  std::string_view rest = manifest.text;
  while (!rest.empty()) {
    ++number;
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    line = line.substr(0, line.find('#'));
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto gap = line.find_first_of(" \t=");
    const auto start = gap == std::string_view::npos ? gap : line.find_first_not_of(" \t=", gap);
    if (gap == 0 || start == std::string_view::npos ||
        line.find_first_of(" \t", start) != std::string_view::npos) {
      return refuse(Code::k_value_malformed,
                    "Line " + std::to_string(number) + " is not \"package version\".");
    }
    manifest.packages.push_back(
        {std::string(line.substr(0, gap)), std::string(line.substr(start)), ""});
  }
  return manifest;
}

// Replaces every place where `before` stands between `left` and `right`.
std::optional<std::string> replace_between(const std::string& text, const std::string& left,
                                           const std::string& before, const std::string& after,
                                           std::string_view gap) {
  std::string out;
  std::size_t from = 0;
  bool found = false;
  for (auto at = text.find(left); at != std::string::npos; at = text.find(left, at + 1)) {
    const auto start = text.find_first_not_of(gap, at + left.size());
    if (start == std::string::npos || text.compare(start, before.size(), before) != 0) continue;
    out += text.substr(from, start - from) + after;
    from = start + before.size();
    found = true;
  }
  if (!found) return std::nullopt;
  return out + text.substr(from);
}

std::string json_text(std::string_view text) {
  std::string out;
  json::append_quoted(out, text);
  return out;
}

}  // namespace

Result<Manifest> parse_manifest(std::string text) {
  if (text.size() > kMaxManifestBytes) return refuse(Code::k_limit_exceeded, "manifest");
  const auto first = std::find_if_not(text.begin(), text.end(), is_space);
  if (first != text.end() && *first == '{') return parse_package_json(std::move(text));
  return parse_debian_list(std::move(text));
}

Result<std::string> replace_version(const Manifest& manifest, std::string_view package,
                                    std::string_view from, std::string_view to) {
  const auto known =
      std::find_if(manifest.packages.begin(), manifest.packages.end(),
                   [&](const Package& p) { return p.name == package && p.version == from; });
  if (known == manifest.packages.end()) {
    return refuse(Code::k_not_found, std::string(package) + " " + std::string(from));
  }
  const bool npm = manifest.ecosystem == Ecosystem::kNpm;
  const std::string before = known->prefix + known->version;
  const std::string after = known->prefix + std::string(to);
  std::optional<std::string> text;
  if (npm) {
    text = replace_between(manifest.text, json_text(package), json_text(before), json_text(after),
                           ": \t\r\n");
  } else {
    const std::string padded = "\n" + manifest.text;
    text = replace_between(padded, "\n" + std::string(package), before, after, " \t=");
    if (text) text->erase(0, 1);
  }
  if (!text) return refuse(Code::k_not_found, std::string(package));
  return *std::move(text);
}

}  // namespace ajwt::demo
