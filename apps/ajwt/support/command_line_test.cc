// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/command_line.h"

#include <gtest/gtest.h>

#include <sstream>

namespace ajwt::app {
namespace {

struct Parsed {
  ExitCode code;
  std::string out;
  std::string err;
};

struct FruitOptions {
  std::string name;
};

void declare_fruit(CLI::App& command, FruitOptions& options) {
  command.add_option("NAME", options.name, "Its name")->required();
  command.add_option_function<std::string>(
      "--colour", [](const std::string&) {}, "Its colour");
}

Status eat(Session& session, const FruitOptions& options) {
  if (options.name == "stone") return refuse(Code::k_not_found, "a stone");
  if (options.name == "nettle") throw std::runtime_error("it stings");
  session.print_fields({{"eaten", options.name}});
  return ok();
}

Parsed parse_and_run(std::vector<const char*> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Session session(out, err);
  const auto root = make_root(session);
  CLI::App& fruit = add_noun(*root, {.name = "fruit",
                                     .summary = "Fruit.",
                                     .examples = {"ajwt fruit eat apple", "ajwt fruit eat pear"}});
  add_verb<FruitOptions>(fruit, session,
                         {.name = "eat",
                          .summary = "Eat one.",
                          .examples = {"ajwt fruit eat fig", "ajwt fruit eat kaki"}},
                         declare_fruit, eat);
  arguments.insert(arguments.begin(), "ajwt");
  const ExitCode code =
      run_command_line(*root, session, static_cast<int>(arguments.size()), arguments.data());
  return {code, out.str(), err.str()};
}

TEST(CommandLine, TakesTheOutputFormatAtAnyPosition) {
  const std::string json = "{\n  \"eaten\": \"fig\"\n}\n";
  EXPECT_EQ(parse_and_run({"fruit", "eat", "fig", "--json"}).out, json);
  EXPECT_EQ(parse_and_run({"--json", "fruit", "eat", "fig"}).out, json);
  EXPECT_EQ(parse_and_run({"fruit", "-o", "json", "eat", "fig"}).out, json);
  EXPECT_EQ(parse_and_run({"fruit", "eat", "-o", "table", "fig"}).out, "eaten  fig\n");
}

TEST(CommandLine, RefusesAnOutputFormatThatItDoesNotHave) {
  EXPECT_EQ(parse_and_run({"fruit", "eat", "fig", "-o", "xml"}).code, ExitCode::kUsage);
}

TEST(CommandLine, TakesAnArgumentThatIsAlsoACommandsName) {
  EXPECT_EQ(parse_and_run({"fruit", "eat", "fruit"}).out, "eaten  fruit\n");
}

TEST(CommandLine, NamesTheCommandThatWasProbablyMeant) {
  const Parsed outcome = parse_and_run({"friut", "eat", "fig"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_NE(outcome.err.find("did you mean 'fruit'?"), std::string::npos) << outcome.err;
}

TEST(CommandLine, NamesTheOptionThatWasProbablyMeant) {
  const Parsed outcome = parse_and_run({"fruit", "eat", "fig", "--color=red"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_NE(outcome.err.find("did you mean '--colour'?"), std::string::npos) << outcome.err;
}

TEST(CommandLine, RefusesACommandWithoutWhatItNeeds) {
  EXPECT_EQ(parse_and_run({"fruit", "eat"}).code, ExitCode::kUsage);
  EXPECT_EQ(parse_and_run({"fruit"}).code, ExitCode::kUsage);
  EXPECT_EQ(parse_and_run({}).code, ExitCode::kUsage);
}

TEST(CommandLine, WritesUsageErrorsAsJsonWhereJsonWasAskedFor) {
  const Parsed outcome = parse_and_run({"fruit", "eat", "fig", "--json", "--peeled"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_NE(outcome.out.find("\"reason\": \"usage\""), std::string::npos) << outcome.out;
}

TEST(CommandLine, EndsWithTheExitCodeOfTheReason) {
  const Parsed outcome = parse_and_run({"fruit", "eat", "stone"});
  EXPECT_EQ(outcome.code, ExitCode::kNotFound);
  EXPECT_NE(outcome.err.find("ajwt: not_found: "), std::string::npos) << outcome.err;
}

TEST(CommandLine, LetsNoExceptionOut) {
  EXPECT_EQ(parse_and_run({"fruit", "eat", "nettle"}).code, ExitCode::kError);
}

TEST(CommandLine, ShowsExamplesAndDocumentationOnEveryHelpPage) {
  for (const auto& page : {parse_and_run({"--help"}), parse_and_run({"fruit", "--help"}),
                           parse_and_run({"fruit", "eat", "--help"})}) {
    EXPECT_EQ(page.code, ExitCode::kOk);
    EXPECT_NE(page.out.find("Examples:"), std::string::npos);
    EXPECT_NE(page.out.find("Docs: docs/reference/cli.md"), std::string::npos);
  }
  EXPECT_NE(parse_and_run({"fruit", "eat", "--help"}).out.find("#ajwt-fruit-eat"),
            std::string::npos);
}

TEST(CommandLine, EscapesControlCharactersOfArguments) {
  const Parsed outcome = parse_and_run({"fruit", "eat", "fig", "\x1b[2J"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_EQ(outcome.err.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace ajwt::app
