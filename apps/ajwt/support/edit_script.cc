// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/edit_script.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace ajwt::app {
namespace {

using Texts = std::span<const std::string_view>;

// The longest script that is looked for; the trace of one takes 4 * kMaxEdits^2 bytes at most.
constexpr int kMaxEdits = 4000;

// Front is how far the furthest path with d edits gets on each diagonal k = x - y, for k = -d, -d +
// 2, ... d: x, at [(k + d) / 2].
using Front = std::vector<int>;

int reached(const Front& front, int d, int k) {
  return front[static_cast<std::size_t>((k + d) / 2)];
}

// comes_by_adding tells by which edit the path on diagonal k gets there from the front before.
bool comes_by_adding(const Front& before, int d, int k) {
  return k == -d || (k != d && reached(before, d - 1, k - 1) < reached(before, d - 1, k + 1));
}

int start_of(const Front& before, int d, int k) {
  if (d == 0) return 0;
  return comes_by_adding(before, d, k) ? reached(before, d - 1, k + 1)
                                       : reached(before, d - 1, k - 1) + 1;
}

// find_fronts returns the fronts up to the one that reaches both ends, or nothing if that takes
// more than kMaxEdits. An x beyond the end stands for a path that leaves the grid.
std::vector<Front> find_fronts(Texts a, Texts b) {
  const auto n = static_cast<int>(a.size());
  const auto m = static_cast<int>(b.size());
  std::vector<Front> fronts;
  for (int d = 0; d <= std::min(n + m, kMaxEdits); ++d) {
    Front front;
    front.reserve(static_cast<std::size_t>(d) + 1);
    for (int k = -d; k <= d; k += 2) {
      int x = start_of(d == 0 ? front : fronts.back(), d, k);
      while (x < n && x - k >= 0 && x - k < m &&
             a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) {
        ++x;
      }
      front.push_back(x);
    }
    const int end = n - m;
    const bool done = end >= -d && end <= d && (end + d) % 2 == 0 && reached(front, d, end) >= n;
    fronts.push_back(std::move(front));
    if (done) return fronts;
  }
  return {};
}

// walk_back returns the script of the path that the fronts lead to, from its end to its start.
std::vector<Edit> walk_back(Texts a, Texts b, const std::vector<Front>& fronts) {
  std::vector<Edit> edits;
  auto x = static_cast<int>(a.size());
  auto y = static_cast<int>(b.size());
  for (int d = static_cast<int>(fronts.size()) - 1; d >= 0; --d) {
    const int k = x - y;
    const Front none;
    const Front& before = d == 0 ? none : fronts[static_cast<std::size_t>(d) - 1];
    const int start = start_of(before, d, k);
    while (x > start) {
      --x;
      --y;
      edits.push_back({EditKind::kKeep, a[static_cast<std::size_t>(x)]});
    }
    if (d == 0) break;
    if (comes_by_adding(before, d, k)) {
      edits.push_back({EditKind::kAdd, b[static_cast<std::size_t>(--y)]});
    } else {
      edits.push_back({EditKind::kRemove, a[static_cast<std::size_t>(--x)]});
    }
  }
  return edits;
}

std::vector<Edit> script_of(Texts a, Texts b) {
  const std::vector<Front> fronts = find_fronts(a, b);
  std::vector<Edit> edits;
  if (!fronts.empty()) {
    edits = walk_back(a, b, fronts);
    std::reverse(edits.begin(), edits.end());
    return edits;
  }
  for (const auto text : a) edits.push_back({EditKind::kRemove, text});
  for (const auto text : b) edits.push_back({EditKind::kAdd, text});
  return edits;
}

// order_changes puts what goes before what is new, in each run of changes.
void order_changes(std::vector<Edit>& edits) {
  const auto is_change = [](const Edit& edit) { return edit.kind != EditKind::kKeep; };
  auto from = std::find_if(edits.begin(), edits.end(), is_change);
  while (from != edits.end()) {
    const auto to = std::find_if_not(from, edits.end(), is_change);
    std::stable_partition(from, to,
                          [](const Edit& edit) { return edit.kind == EditKind::kRemove; });
    from = std::find_if(to, edits.end(), is_change);
  }
}

}  // namespace

std::vector<Edit> edit_script(const std::vector<std::string_view>& before,
                              const std::vector<std::string_view>& after) {
  Texts a = before;
  Texts b = after;
  std::vector<Edit> edits;
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    edits.push_back({EditKind::kKeep, a.front()});
    a = a.subspan(1);
    b = b.subspan(1);
  }
  std::size_t tail = 0;
  while (tail < std::min(a.size(), b.size()) && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  const std::vector<Edit> middle = script_of(a.first(a.size() - tail), b.first(b.size() - tail));
  edits.insert(edits.end(), middle.begin(), middle.end());
  for (const auto text : a.last(tail)) edits.push_back({EditKind::kKeep, text});
  order_changes(edits);
  return edits;
}

}  // namespace ajwt::app
