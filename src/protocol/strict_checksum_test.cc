// SPDX-License-Identifier: Apache-2.0
#include "protocol/strict_checksum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "crypto/hash.h"
#include "json/parse.h"
#include "protocol/agent_checksum.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

constexpr std::string_view kStrictComponents = R"({
  "agent_id": "patcher",
  "prompt_template": "You patch {{file}}.\r\n",
  "slots": ["today", "file"],
  "tools": [
    {"name": "write", "description": "Writes.", "parameters": {"type": "object"}},
    {"name": "read", "description": "Reads.", "source_code": "def read(p):\n  return check(p)\n",
     "helpers": {"check": "def check(p): ...\n"}}
  ],
  "configuration": {"temperature": 0.5, "top_p": 1},
  "model": {"id": "small-1", "digest": "sha256:00"},
  "servers": [
    {"id": "https://mcp.example", "tools": [
      {"name": "search", "description": "Searches.", "input_schema": {"type": "object"},
       "output_schema": {"type": "array"}},
      {"name": "fetch", "input_schema": {}}]},
    {"id": "https://a.example", "tools": [{"name": "fetch", "input_schema": {}}]}
  ]
})";

Result<AgentDefinition> parse_strict(std::string_view text) {
  AJWT_ASSIGN(const json::Object object, json::parse_object(text));
  return parse_agent_components(object);
}

AgentDefinition strict_agent() { return *parse_strict(kStrictComponents); }

std::string strict_of(const AgentDefinition& agent) {
  const auto text = compute_agent_checksum(agent, ChecksumProfile::kStrictSha256);
  EXPECT_THAT(text, IsOk());
  return text ? *text : std::string();
}

ComponentDigests digests_of(const AgentDefinition& agent) {
  const auto digests = compute_component_digests(agent);
  EXPECT_THAT(digests, IsOk());
  return digests ? *digests : ComponentDigests();
}

// labelled is protocol 3.1's digest of a part.
std::string labelled(const std::string& label, std::string_view text) {
  return to_hex(crypto::sha256(label + std::string(1, '\0') + std::string(text)));
}

Result<AgentDefinition> with_member(std::string_view name, std::string_view value) {
  json::Object object = *json::parse_object(kStrictComponents);
  object.set(std::string(name), *json::parse(value));
  return parse_agent_components(object);
}

// --- reading what the profile adds

TEST(StrictComponents, AreReadAsTheyAreWritten) {
  const AgentDefinition agent = strict_agent();
  EXPECT_THAT(parse_agent_components(to_json(agent)), IsOkAndHolds(agent));
  EXPECT_EQ(agent.slots, (std::vector<std::string>{"today", "file"}));
  EXPECT_EQ(agent.tools[1].helpers.at("check"), "def check(p): ...\n");
  EXPECT_EQ(agent.model->digest, "sha256:00");
  EXPECT_EQ(agent.servers[0].tools[1].description, std::nullopt);
}

TEST(StrictComponents, ThatAreMalformedAreRefused) {
  constexpr std::pair<std::string_view, std::string_view> kMalformed[] = {
      {"slots", R"("today")"},
      {"slots", R"([1])"},
      {"slots", R"(["a b"])"},
      {"slots", R"([""])"},
      {"model", R"("small-1")"},
      {"model", R"({})"},
      {"model", R"({"id":""})"},
      {"model", R"({"id":"m","digest":""})"},
      {"servers", R"({})"},
      {"servers", R"(["https://mcp.example"])"},
      {"servers", R"([{"id":"s","tools":[]}])"},
      {"servers", R"([{"id":"","tools":[{"name":"a","input_schema":{}}]}])"},
      {"servers", R"([{"id":"s","tools":[{"name":"a"}]}])"},
      {"servers", R"([{"id":"s","tools":[{"name":"","input_schema":{}}]}])"},
      {"servers", R"([{"id":"s","tools":[{"name":"a","input_schema":true}]}])"},
      {"tools", R"([{"name":"a","description":"","helpers":{"b":"c"}}])"},
      {"tools", R"([{"name":"a","description":"","source_code":"","helpers":{"":"c"}}])"},
      {"tools", R"([{"name":"a","description":"","source_code":"","helpers":{"b":1}}])"},
  };
  for (const auto& [member, value] : kMalformed) {
    EXPECT_THAT(with_member(member, value), RefusedWith(Code::k_components_malformed)) << value;
  }
}

TEST(StrictComponents, WithAMemberThatIsNotHashedAreRefused) {
  EXPECT_THAT(with_member("model", R"({"id":"m","vendor":"v"})"),
              RefusedWith(Code::k_json_unknown_member));
  EXPECT_THAT(with_member("servers", R"([{"id":"s","url":"u","tools":[]}])"),
              RefusedWith(Code::k_json_unknown_member));
  EXPECT_THAT(
      with_member("servers",
                  R"([{"id":"s","tools":[{"name":"a","input_schema":{},"annotations":{}}]}])"),
      RefusedWith(Code::k_json_unknown_member));
}

TEST(StrictComponents, AreLimited) {
  std::string slots = "[\"s\"";
  for (int i = 1; i < 256; ++i) slots += ",\"s" + std::to_string(i) + "\"";
  EXPECT_THAT(with_member("slots", slots + "]"), IsOk());
  EXPECT_THAT(with_member("slots", slots + ",\"more\"]"), RefusedWith(Code::k_limit_exceeded));
  std::string servers = "[";
  for (int i = 0; i < 64; ++i) {
    servers += R"({"id":")" + std::to_string(i) + R"(","tools":[{"name":"a","input_schema":{}}]},)";
  }
  const std::string one_more = R"({"id":"m","tools":[{"name":"a","input_schema":{}}]}])";
  EXPECT_THAT(with_member("servers", servers + one_more), RefusedWith(Code::k_limit_exceeded));
}

// --- the digests

TEST(ComponentDigests, AreThoseOfTheProtocolsText) {
  const ComponentDigests digests = digests_of(strict_agent());
  const std::string strict = "ajwt-strict-v1/";
  EXPECT_EQ(digests.at({.part = Part::kPrompt}),
            labelled(strict + "prompt", "You patch {{file}}.\r\n"));
  EXPECT_EQ(digests.at({.part = Part::kSlots}), labelled(strict + "slots", R"(["file","today"])"));
  EXPECT_EQ(digests.at({.part = Part::kTool, .name = "write"}),
            labelled(strict + "tool",
                     R"({"description":"Writes.","name":"write","parameters":{"type":"object"}})"));
  EXPECT_EQ(digests.at({.part = Part::kTool, .name = "read"}),
            labelled(strict + "tool",
                     R"({"description":"Reads.","helpers":{"check":"def check(p): ...\n"},)"
                     R"("name":"read","source_code":"def read(p):\n  return check(p)\n"})"));
  EXPECT_EQ(digests.at({.part = Part::kConfiguration, .name = "temperature"}),
            labelled(strict + "configuration", R"(["temperature",0.5])"));
  EXPECT_EQ(digests.at({.part = Part::kModel}),
            labelled(strict + "model", R"({"digest":"sha256:00","id":"small-1"})"));
  EXPECT_EQ(
      digests.at({.part = Part::kServerTool, .server = "https://mcp.example", .name = "fetch"}),
      labelled(strict + "server-tool", R"({"input_schema":{},"name":"fetch"})"));
  EXPECT_EQ(digests.size(), 10u);
}

TEST(ComponentDigests, AreReadAsTheyAreWritten) {
  for (const AgentDefinition& agent :
       {strict_agent(), AgentDefinition{.agent_id = "a", .prompt_template = ""}}) {
    const ComponentDigests digests = digests_of(agent);
    EXPECT_THAT(parse_component_hashes(to_json(digests)), IsOkAndHolds(digests));
  }
}

TEST(ComponentDigests, MayLeaveOutWhatTheAgentDoesNotHave) {
  const ComponentDigests bare =
      digests_of(AgentDefinition{.agent_id = "a", .prompt_template = "p"});
  const json::Object only_prompt{{"prompt", bare.at({.part = Part::kPrompt})}};
  EXPECT_THAT(parse_component_hashes(only_prompt), IsOkAndHolds(bare));
}

TEST(ComponentDigests, ThatAreMalformedAreRefused) {
  const std::string hex(64, 'a');
  const json::Object good{{"prompt", hex}};
  ASSERT_THAT(parse_component_hashes(good), IsOk());
  const auto with = [&](std::string_view name, json::Value value) {
    json::Object hashes = good;
    hashes.set(std::string(name), std::move(value));
    return parse_component_hashes(hashes);
  };
  EXPECT_THAT(parse_component_hashes({}), RefusedWith(Code::k_components_malformed));
  for (const json::Value& bad :
       {json::Value(""), json::Value(std::string(64, 'A')), json::Value(hex + "a"),
        json::Value("sha256:" + hex), json::Value(nullptr), json::Value(1)}) {
    for (const char* name : {"prompt", "slots", "model"}) {
      EXPECT_THAT(with(name, bad), RefusedWith(Code::k_components_malformed)) << name;
    }
    for (const char* name : {"tools", "configuration"}) {
      EXPECT_THAT(with(name, json::Object{{"a", bad}}), RefusedWith(Code::k_components_malformed));
      EXPECT_THAT(with(name, hex), RefusedWith(Code::k_components_malformed));
    }
    EXPECT_THAT(with("servers", json::Object{{"s", json::Object{{"a", bad}}}}),
                RefusedWith(Code::k_components_malformed));
  }
  EXPECT_THAT(with("tools", json::Object{{"", hex}}), RefusedWith(Code::k_components_malformed));
  EXPECT_THAT(with("servers", json::Object{{"s", json::Object()}}),
              RefusedWith(Code::k_components_malformed));
  EXPECT_THAT(with("agent_id", "a"), RefusedWith(Code::k_json_unknown_member));
}

TEST(ComponentDigests, HaveNamesForPeople) {
  EXPECT_EQ(describe({.part = Part::kPrompt}), "prompt_template");
  EXPECT_EQ(describe({.part = Part::kTool, .name = "read"}), "tools.read");
  EXPECT_EQ(describe({.part = Part::kServerTool, .server = "s", .name = "t"}), "servers.s.t");
}

// --- the checksum

TEST(StrictChecksum, IsSha256OverTheDigests) {
  const ComponentDigests digests =
      digests_of(AgentDefinition{.agent_id = "a", .prompt_template = "p"});
  const std::string canonical = R"({"agent_id":"a","configuration":{},"model":null,"prompt":")" +
                                digests.at({.part = Part::kPrompt}) +
                                R"(","servers":{},"slots":")" + digests.at({.part = Part::kSlots}) +
                                R"(","tools":{}})";
  EXPECT_EQ(strict_of(AgentDefinition{.agent_id = "a", .prompt_template = "p"}),
            "strict-sha256:" + labelled("ajwt-strict-v1", canonical));
}

TEST(StrictChecksum, IsTheSameOfTheDigestsAlone) {
  const AgentDefinition agent = strict_agent();
  const auto hashes = parse_component_hashes(to_json(digests_of(agent)));
  ASSERT_THAT(hashes, IsOk());
  EXPECT_THAT(strict_checksum(agent.agent_id, *hashes), IsOkAndHolds(strict_of(agent)));
}

TEST(StrictChecksum, DoesNotDependOnOrderOrSpelling) {
  AgentDefinition agent = strict_agent();
  std::swap(agent.tools[0], agent.tools[1]);
  std::swap(agent.slots[0], agent.slots[1]);
  std::swap(agent.servers[0], agent.servers[1]);
  std::swap(agent.servers[1].tools[0], agent.servers[1].tools[1]);
  agent.configuration = {{"top_p", 1}, {"temperature", 5e-1}};
  EXPECT_EQ(strict_of(agent), strict_of(strict_agent()));
}

TEST(StrictChecksum, ChangesWithEveryPart) {
  using Change = std::function<void(AgentDefinition&)>;
  const Change changes[] = {
      [](AgentDefinition&) {},
      [](AgentDefinition& a) { a.agent_id = "patcher2"; },
      // What the draft's profile normalises away.
      [](AgentDefinition& a) { a.prompt_template = "You patch {{file}}.\n"; },
      [](AgentDefinition& a) { a.prompt_template = "You patch {{file}}."; },
      [](AgentDefinition& a) { a.prompt_template = "\nYou patch {{file}}.\r\n"; },
      [](AgentDefinition& a) { a.slots.pop_back(); },
      [](AgentDefinition& a) { a.slots[0] = "tomorrow"; },
      [](AgentDefinition& a) { a.slots.clear(); },
      [](AgentDefinition& a) { a.tools.pop_back(); },
      [](AgentDefinition& a) { a.tools[0].name = "writes"; },
      [](AgentDefinition& a) { a.tools[0].description = "Writes.\n"; },
      [](AgentDefinition& a) { a.tools[0].parameters->set("type", "string"); },
      [](AgentDefinition& a) { a.tools[0].signature = ""; },
      [](AgentDefinition& a) { *a.tools[1].source_code += "\n"; },
      [](AgentDefinition& a) { *a.tools[1].source_code = "# x\n" + *a.tools[1].source_code; },
      [](AgentDefinition& a) { a.tools[1].helpers["check"] += " "; },
      [](AgentDefinition& a) { a.tools[1].helpers["more"] = ""; },
      [](AgentDefinition& a) { a.tools[1].helpers.clear(); },
      [](AgentDefinition& a) { a.configuration.set("temperature", 0.6); },
      [](AgentDefinition& a) { a.configuration.set("temperature", "0.5"); },
      [](AgentDefinition& a) {
        a.configuration = {{"temperature", 1}, {"top_p", 0.5}};
      },
      [](AgentDefinition& a) { a.configuration.set("more", nullptr); },
      [](AgentDefinition& a) { a.configuration.remove("top_p"); },
      [](AgentDefinition& a) { a.model->id = "small-2"; },
      [](AgentDefinition& a) { a.model->digest = "sha256:01"; },
      [](AgentDefinition& a) { a.model->digest.reset(); },
      [](AgentDefinition& a) { a.model.reset(); },
      [](AgentDefinition& a) { a.servers.pop_back(); },
      [](AgentDefinition& a) { a.servers[1].id = "https://b.example"; },
      [](AgentDefinition& a) { a.servers[0].tools.pop_back(); },
      [](AgentDefinition& a) { a.servers[0].tools[0].name = "look"; },
      [](AgentDefinition& a) { a.servers[0].tools[0].description = "Searches. And sends."; },
      [](AgentDefinition& a) { a.servers[0].tools[0].description.reset(); },
      [](AgentDefinition& a) { a.servers[0].tools[0].input_schema.set("type", "array"); },
      [](AgentDefinition& a) { a.servers[0].tools[0].output_schema->set("type", "object"); },
      [](AgentDefinition& a) { a.servers[0].tools[0].output_schema.reset(); },
      [](AgentDefinition& a) { std::swap(a.servers[0].tools, a.servers[1].tools); },
  };
  std::set<std::string> seen;
  for (const Change& change : changes) {
    AgentDefinition agent = strict_agent();
    change(agent);
    seen.insert(strict_of(agent));
  }
  EXPECT_EQ(seen.size(), std::size(changes));
}

// Every part below has the same canonical bytes as another one: only its label tells them apart.
TEST(StrictChecksum, TakesNoPartForAnother) {
  const std::string text = R"({"input_schema":{},"name":"fetch"})";
  const AgentDefinition prompt{.agent_id = "a", .prompt_template = text};
  AgentDefinition server{.agent_id = "a", .prompt_template = ""};
  server.servers = {{.id = "s", .tools = {{.name = "fetch"}}}};
  EXPECT_NE(digests_of(prompt).at({.part = Part::kPrompt}),
            digests_of(server).at({.part = Part::kServerTool, .server = "s", .name = "fetch"}));

  AgentDefinition slots{.agent_id = "a", .prompt_template = R"(["size","small"])"};
  slots.slots = {"size", "small"};
  slots.configuration = {{"size", "small"}};
  const ComponentDigests of_slots = digests_of(slots);
  EXPECT_EQ((std::set<std::string>{of_slots.at({.part = Part::kPrompt}),
                                   of_slots.at({.part = Part::kSlots}),
                                   of_slots.at({.part = Part::kConfiguration, .name = "size"})})
                .size(),
            3u);

  AgentDefinition model{.agent_id = "a", .prompt_template = R"({"id":"m"})"};
  model.model = Model{.id = "m"};
  EXPECT_NE(digests_of(model).at({.part = Part::kPrompt}),
            digests_of(model).at({.part = Part::kModel}));

  AgentDefinition tool{.agent_id = "a", .prompt_template = R"({"description":"","name":"t"})"};
  tool.tools = {{.name = "t", .description = ""}};
  EXPECT_NE(digests_of(tool).at({.part = Part::kPrompt}),
            digests_of(tool).at({.part = Part::kTool, .name = "t"}));
}

TEST(StrictChecksum, OfATextMovedToAnotherPartIsAnother) {
  AgentDefinition as_tool{.agent_id = "a", .prompt_template = "p"};
  as_tool.tools = {{.name = "x", .description = "d"}};
  AgentDefinition as_configuration{.agent_id = "a", .prompt_template = "p"};
  as_configuration.configuration = {{"x", json::Object{{"name", "x"}, {"description", "d"}}}};
  AgentDefinition as_server{.agent_id = "a", .prompt_template = "p"};
  as_server.servers = {{.id = "tools", .tools = {{.name = "x", .description = "d"}}}};
  AgentDefinition as_helper{.agent_id = "a", .prompt_template = "p"};
  as_helper.tools = {
      {.name = "x", .description = "d", .source_code = "", .helpers = {{"h", "text"}}}};
  AgentDefinition as_source = as_helper;
  as_source.tools[0].source_code = "text";
  as_source.tools[0].helpers = {{"h", ""}};
  EXPECT_EQ(
      (std::set<std::string>{strict_of(as_tool), strict_of(as_configuration), strict_of(as_server),
                             strict_of(as_helper), strict_of(as_source)})
          .size(),
      5u);
}

TEST(StrictChecksum, OfNamesThatStandTwiceIsRefused) {
  AgentDefinition agent = strict_agent();
  agent.slots = {"file", "file"};
  EXPECT_THAT(compute_component_digests(agent), RefusedWith(Code::k_components_malformed));
  agent = strict_agent();
  agent.servers[1].id = agent.servers[0].id;
  EXPECT_THAT(compute_component_digests(agent), RefusedWith(Code::k_components_malformed));
  agent = strict_agent();
  agent.servers[0].tools[1].name = agent.servers[0].tools[0].name;
  EXPECT_THAT(compute_component_digests(agent), RefusedWith(Code::k_tool_duplicated));
  agent = strict_agent();
  agent.servers[0].tools.clear();
  EXPECT_THAT(compute_component_digests(agent), RefusedWith(Code::k_components_malformed));
}

TEST(StrictChecksum, OfWhatHasNoExactFormIsRefused) {
  AgentDefinition agent = strict_agent();
  agent.prompt_template = "\xff";
  EXPECT_THAT(compute_component_digests(agent), RefusedWith(Code::k_json_bad_utf8));
  agent = strict_agent();
  agent.tools[1].helpers["check"] = "\xff";
  EXPECT_THAT(compute_component_digests(agent), RefusedWith(Code::k_json_bad_utf8));
  agent = strict_agent();
  agent.servers[0].tools[0].input_schema.set("maximum", std::int64_t{9007199254740993});
  EXPECT_THAT(compute_component_digests(agent), RefusedWith(Code::k_json_number_range));
}

TEST(DraftProfiles, RefuseWhatTheyWouldNotHash) {
  using Change = std::function<void(AgentDefinition&)>;
  const Change changes[] = {
      [](AgentDefinition& a) { a.slots = {"file"}; },
      [](AgentDefinition& a) { a.model = Model{.id = "m"}; },
      [](AgentDefinition& a) { a.servers = {{.id = "s", .tools = {{.name = "fetch"}}}}; },
      [](AgentDefinition& a) {
        a.tools[0].source_code = "";
        a.tools[0].helpers = {{"h", ""}};
      },
  };
  AgentDefinition plain{.agent_id = "a", .prompt_template = "p"};
  plain.tools = {{.name = "t", .description = "d", .signature = "t()"}};
  for (const auto profile : {ChecksumProfile::kSha256, ChecksumProfile::kReference}) {
    ASSERT_THAT(compute_agent_checksum(plain, profile), IsOk());
    for (const Change& change : changes) {
      AgentDefinition agent = plain;
      change(agent);
      EXPECT_THAT(compute_agent_checksum(agent, profile),
                  RefusedWith(Code::k_component_not_hashed));
      EXPECT_THAT(compute_agent_checksum(agent, ChecksumProfile::kStrictSha256), IsOk());
    }
  }
}

}  // namespace
}  // namespace ajwt
