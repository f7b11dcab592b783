// SPDX-License-Identifier: Apache-2.0
//
// ajwt-driver runs foreign test suites against the real code: one JSON object a line on standard
// input, one answer a line on standard output. Bad input is answered; only end of input ends it.
#include <cstdio>
#include <string>

#include "apps/ajwt-driver/driver.h"

namespace {

enum class Line { kWhole, kTooLong, kNone };

// read_line reads up to the next line feed or the end of input. What is beyond the limit is read
// and dropped, so that the next line begins where it should.
Line read_line(std::string& line) {
  line.clear();
  bool too_long = false;
  int c = 0;
  while ((c = getc_unlocked(stdin)) != EOF && c != '\n') {
    if (line.size() < ajwt::driver::kMaxLineBytes) {
      line += static_cast<char>(c);
    } else {
      too_long = true;
    }
  }
  if (too_long) return Line::kTooLong;
  return c == EOF && line.empty() ? Line::kNone : Line::kWhole;
}

bool write_line(const std::string& answer) {
  return std::fwrite(answer.data(), 1, answer.size(), stdout) == answer.size() &&
         std::putchar('\n') != EOF && std::fflush(stdout) == 0;
}

}  // namespace

int main() {
  std::string line;
  for (;;) {
    const Line read = read_line(line);
    if (read == Line::kNone) return std::ferror(stdin) != 0 ? 1 : 0;
    const std::string answer =
        read == Line::kTooLong ? ajwt::driver::answer_too_long() : ajwt::driver::answer_line(line);
    if (!write_line(answer)) return 1;
  }
}
