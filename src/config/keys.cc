// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "config/toml.h"

namespace ajwt::config {
namespace {

// distance is the number of letters to change, leave out, add or swap with their neighbour that
// turns one word into the other (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({change, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

constexpr std::size_t kLongestWord = 64;

}  // namespace

std::optional<std::string_view> find_nearest(std::string_view word,
                                             std::span<const std::string_view> known) {
  if (word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> nearest;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const std::string_view candidate : known) {
    const std::size_t wrong = distance(word, candidate);
    const std::size_t allowed =
        std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    if (wrong > allowed || wrong >= least) continue;
    nearest = candidate;
    least = wrong;
  }
  return nearest;
}

Status check_keys(const Document& document, const json::Object& table, std::string_view pointer,
                  std::span<const std::string_view> known) {
  for (const json::Member& member : table.members()) {
    if (std::find(known.begin(), known.end(), member.name) != known.end()) continue;
    std::string what = "unknown key '" + member.name + "'";
    if (const auto nearest = find_nearest(member.name, known)) {
      what += "; did you mean '" + std::string(*nearest) + "'?";
    }
    return document.refuse_at(append_pointer(pointer, member.name), what);
  }
  return ok();
}

}  // namespace ajwt::config
