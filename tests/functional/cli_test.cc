// SPDX-License-Identifier: Apache-2.0
//
// The command line from outside: help, usage, exit codes, standard input.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/functional/program.h"

namespace ajwt::functional {
namespace {

Outcome ajwt(const ScratchFolder& folder, std::vector<std::string> arguments,
             const std::string& input = {}) {
  return run({.arguments = std::move(arguments), .folder = folder.path(), .input = input});
}

// commands_of returns the names that a help page lists under "Subcommands:".
std::vector<std::string> commands_of(const std::string& help) {
  std::istringstream lines(help.substr(std::min(help.find("Subcommands:"), help.size())));
  std::vector<std::string> names;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.starts_with("  ")) {
    if (line.size() > 2 && line[2] != ' ') names.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return names;
}

int check_help(const ScratchFolder& folder, const std::vector<std::string>& path) {
  std::vector<std::string> words = path;
  words.emplace_back("--help");
  const Outcome help = ajwt(folder, words);
  const std::string name = testing::PrintToString(path);
  EXPECT_EQ(help.code, 0) << name;
  EXPECT_EQ(help.err, "") << name;
  const std::size_t examples = help.out.find("Examples:\n");
  EXPECT_NE(examples, std::string::npos) << name;
  const std::size_t first = help.out.find("ajwt ", examples);
  EXPECT_NE(help.out.find("ajwt ", first + 1), std::string::npos) << name << ": two examples";
  EXPECT_NE(help.out.find("\nDocs: docs/reference/cli.md"), std::string::npos) << name;
  int pages = 1;
  for (const std::string& command : commands_of(help.out)) {
    std::vector<std::string> next = path;
    next.push_back(command);
    pages += check_help(folder, next);
  }
  return pages;
}

TEST(Cli, HasAHelpPageWithExamplesForEveryCommand) {
  const ScratchFolder folder;
  EXPECT_GE(check_help(folder, {}), 45);
}

TEST(Cli, IsDescribedCommandByCommandInItsReference) {
  const ScratchFolder folder;
  const std::string page = read_text(AJWT_SOURCE_DIR "/docs/reference/cli.md");
  for (const std::string& noun : commands_of(ajwt(folder, {"--help"}).out)) {
    EXPECT_NE(page.find("\n## ajwt " + noun + "\n"), std::string::npos) << noun;
    for (const std::string& verb : commands_of(ajwt(folder, {noun, "--help"}).out)) {
      EXPECT_NE(page.find("\n### ajwt " + noun + " " + verb + "\n"), std::string::npos)
          << noun << " " << verb;
    }
  }
}

TEST(Cli, EndsWithTwoForAWrongCommandLine) {
  const ScratchFolder folder;
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {"agnet"},
                                                    {"agent"},
                                                    {"agent", "lst"},
                                                    {"agent", "list", "--nothing"},
                                                    {"agent", "checksum"},
                                                    {"agent", "checksum", "a.json", "b.json"},
                                                    {"token", "verify", "x"},
                                                    {"audit", "list", "--limit", "0"},
                                                    {"version", "-o", "xml"}};
  for (const auto& words : wrong) {
    const Outcome outcome = ajwt(folder, words);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(words);
    EXPECT_TRUE(outcome.err.starts_with("ajwt: ")) << outcome.err;
  }
}

TEST(Cli, TakesItsOutputFormatFromTheEnvironmentToo) {
  const ScratchFolder folder;
  const Outcome json = run(
      {.arguments = {"version"}, .folder = folder.path(), .variables = {{"AJWT_OUTPUT", "json"}}});
  EXPECT_TRUE(json.out.starts_with("{")) << json.out;
  const Outcome table = run({.arguments = {"version", "-o", "table"},
                             .folder = folder.path(),
                             .variables = {{"AJWT_OUTPUT", "json"}}});
  EXPECT_TRUE(table.out.starts_with("ajwt ")) << table.out;
}

TEST(Cli, ReadsStandardInputWhereAFileIsTaken) {
  const ScratchFolder folder;
  const std::string agent =
      R"({"agent_id":"a","prompt_template":" Do it. ","tools":[],"configuration":{}})";
  const Outcome piped = ajwt(folder, {"agent", "checksum", "-"}, agent);
  EXPECT_EQ(piped.code, 0) << piped.err;
  const Outcome named = ajwt(folder, {"agent", "checksum", folder.write("agent.json", agent)});
  EXPECT_EQ(piped.out, named.out);
  EXPECT_TRUE(piped.out.starts_with("strict-sha256:")) << piped.out;
  const Outcome draft = ajwt(folder, {"agent", "checksum", "--profile", "sha256", "-"}, agent);
  EXPECT_TRUE(draft.out.starts_with("sha256:")) << draft.out << draft.err;
}

TEST(Cli, RefusesAnInputThatIsTooLarge) {
  const ScratchFolder folder;
  const Outcome outcome =
      ajwt(folder, {"agent", "checksum", "-"}, std::string(2 * 1024 * 1024, ' '));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("limit_exceeded"), std::string::npos) << outcome.err;
}

TEST(Cli, SaysWhatToDoWhereItKnowsNoAuthority) {
  const ScratchFolder folder;
  const Outcome outcome = ajwt(folder, {"app", "list"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("--authority"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("ajwt dev"), std::string::npos) << outcome.err;
}

TEST(Cli, EndsWithSixWhereNothingAnswers) {
  const ScratchFolder folder;
  EXPECT_EQ(ajwt(folder, {"health"}).code, 6);
  // Port 1 is nobody's.
  EXPECT_EQ(ajwt(folder, {"health", "--url", "http://127.0.0.1:1"}).code, 6);
}

}  // namespace
}  // namespace ajwt::functional
