// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/version.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace ajwt::demo {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Digits compare as numbers of any length: by length without leading zeros, then as text.
std::weak_ordering compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// Identifiers of a pre-release: numbers before text, numbers as numbers (SemVer 11.4).
std::weak_ordering compare_identifiers(std::string_view a, std::string_view b) {
  if (is_number(a) && is_number(b)) return compare_numbers(a, b);
  if (is_number(a) != is_number(b)) {
    return is_number(a) ? std::weak_ordering::less : std::weak_ordering::greater;
  }
  return a.compare(b) <=> 0;
}

std::weak_ordering compare_lists(const std::vector<std::string_view>& a,
                                 const std::vector<std::string_view>& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const auto order = compare_identifiers(a[i], b[i]); std::is_neq(order)) return order;
  }
  return a.size() <=> b.size();
}

std::weak_ordering compare_semver(std::string_view a, std::string_view b) {
  a = a.substr(0, a.find('+'));
  b = b.substr(0, b.find('+'));
  const auto dash_a = a.find('-');
  const auto dash_b = b.find('-');
  const auto core = compare_lists(split(a.substr(0, dash_a), '.'), split(b.substr(0, dash_b), '.'));
  if (std::is_neq(core)) return core;
  const bool pre_a = dash_a != std::string_view::npos;
  const bool pre_b = dash_b != std::string_view::npos;
  if (pre_a != pre_b) return pre_a ? std::weak_ordering::less : std::weak_ordering::greater;
  if (!pre_a) return std::weak_ordering::equivalent;
  return compare_lists(split(a.substr(dash_a + 1), '.'), split(b.substr(dash_b + 1), '.'));
}

// Debian's order of what is not a digit: '~' before the end, the end before letters, letters
// before everything else.
int weight(std::string_view text) {
  if (text.empty() || is_digit(text.front())) return 0;
  const char c = text.front();
  if (c == '~') return -1;
  if (is_letter(c)) return c;
  return c + 256;
}

std::weak_ordering compare_debian_part(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !is_digit(a.front())) || (!b.empty() && !is_digit(b.front()))) {
      if (weight(a) != weight(b)) return weight(a) <=> weight(b);
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
    const auto digits = [](std::string_view& text) {
      const auto end = std::find_if_not(text.begin(), text.end(), is_digit) - text.begin();
      const auto run = text.substr(0, static_cast<std::size_t>(end));
      text.remove_prefix(run.size());
      return run;
    };
    const auto run_a = digits(a);
    const auto run_b = digits(b);
    if (const auto order = compare_numbers(run_a, run_b); std::is_neq(order)) return order;
  }
  return std::weak_ordering::equivalent;
}

struct DebianVersion {
  std::string_view epoch = "0";
  std::string_view upstream;
  std::string_view revision = "0";
};

DebianVersion split_debian(std::string_view text) {
  DebianVersion version;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    version.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (const auto dash = text.rfind('-'); dash != std::string_view::npos) {
    version.revision = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  version.upstream = text;
  return version;
}

std::weak_ordering compare_debian(std::string_view a, std::string_view b) {
  const auto va = split_debian(a);
  const auto vb = split_debian(b);
  if (const auto order = compare_numbers(va.epoch, vb.epoch); std::is_neq(order)) return order;
  if (const auto order = compare_debian_part(va.upstream, vb.upstream); std::is_neq(order))
    return order;
  return compare_debian_part(va.revision, vb.revision);
}

}  // namespace

std::string_view name(Ecosystem ecosystem) {
  return ecosystem == Ecosystem::kNpm ? "npm" : "Debian";
}

std::weak_ordering compare_versions(Ecosystem ecosystem, std::string_view a, std::string_view b) {
  return ecosystem == Ecosystem::kNpm ? compare_semver(a, b) : compare_debian(a, b);
}

}  // namespace ajwt::demo
