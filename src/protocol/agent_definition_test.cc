// SPDX-License-Identifier: Apache-2.0
#include "protocol/agent_definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "crypto/hash.h"
#include "json/parse.h"
#include "protocol/agent_checksum.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

constexpr std::string_view kComponents = R"({
  "agent_id": "patcher",
  "prompt_template": "You patch {{file}}.",
  "tools": [
    {"name": "write", "description": "Writes.", "parameters": {"type": "object"}},
    {"name": "read", "description": "Reads.", "signature": "(path: str) -> str",
     "source_code": "return read path"}
  ],
  "configuration": {"model": "m", "temperature": 0.5}
})";

json::Object components() { return *json::parse_object(kComponents); }
AgentDefinition definition() { return *parse_agent_components(components()); }

Result<AgentDefinition> parse_text(std::string_view text) {
  AJWT_ASSIGN(const json::Object object, json::parse_object(text));
  return parse_agent_components(object);
}

Result<AgentDefinition> parse_with(std::string_view member, json::Value value) {
  json::Object object = components();
  object.set(member, std::move(value));
  return parse_agent_components(object);
}

Result<AgentDefinition> parse_with_tool(json::Object tool) {
  json::Array tools;
  tools.emplace_back(std::move(tool));
  return parse_with("tools", std::move(tools));
}

std::string checksum(const AgentDefinition& agent) {
  const auto text = compute_agent_checksum(agent, ChecksumProfile::kSha256);
  EXPECT_THAT(text, IsOk());
  return text ? *text : std::string();
}

// --- reading

TEST(AgentComponents, AreReadAsTheyAreWritten) {
  const AgentDefinition agent = definition();
  EXPECT_EQ(agent.agent_id, "patcher");
  EXPECT_EQ(agent.tools.size(), 2u);
  EXPECT_EQ(agent.tools[1].source_code, "return read path");
  EXPECT_THAT(parse_agent_components(to_json(agent)), IsOkAndHolds(agent));
}

TEST(AgentComponents, MayLeaveTheConfigurationOut) {
  const auto agent = parse_text(R"({"agent_id":"a","prompt_template":"","tools":[]})");
  ASSERT_THAT(agent, IsOk());
  EXPECT_TRUE(agent->configuration.empty());
  const auto explicit_one =
      parse_text(R"({"agent_id":"a","prompt_template":"","tools":[],"configuration":{}})");
  EXPECT_EQ(checksum(*agent), checksum(*explicit_one));
}

TEST(AgentComponents, WithoutARequiredMemberAreRefused) {
  for (const char* member : {"agent_id", "prompt_template", "tools"}) {
    json::Object object = components();
    object.remove(member);
    EXPECT_THAT(parse_agent_components(object), RefusedWith(Code::k_components_malformed))
        << member;
  }
}

TEST(AgentComponents, OfTheWrongTypeAreRefused) {
  for (const char* member : {"agent_id", "prompt_template", "tools", "configuration"}) {
    for (const json::Value& value : {json::Value(nullptr), json::Value(1), json::Value(true)}) {
      EXPECT_THAT(parse_with(member, value), RefusedWith(Code::k_components_malformed)) << member;
    }
  }
  EXPECT_THAT(parse_with("tools", json::Array{"read"}), RefusedWith(Code::k_components_malformed));
}

TEST(AgentComponents, WithAMemberThatIsNotHashedAreRefused) {
  EXPECT_THAT(parse_with("model_name", "m"), RefusedWith(Code::k_json_unknown_member));
  EXPECT_THAT(parse_with("model", json::Object{{"id", "m"}, {"vendor", "v"}}),
              RefusedWith(Code::k_json_unknown_member));
  EXPECT_THAT(parse_with_tool({{"name", "a"}, {"description", ""}, {"is_agent", true}}),
              RefusedWith(Code::k_json_unknown_member));
}

TEST(AgentComponents, WithAnIdThatIsNoIdentifierAreRefused) {
  for (const char* id : {"", "a b", "a|b", "a\n", "caf\xc3\xa9"}) {
    EXPECT_THAT(parse_with("agent_id", id), RefusedWith(Code::k_identifier_malformed)) << id;
  }
}

TEST(AgentComponents, WithAToolThatIsMalformedAreRefused) {
  EXPECT_THAT(parse_with_tool({{"description", ""}}), RefusedWith(Code::k_components_malformed));
  EXPECT_THAT(parse_with_tool({{"name", "a"}}), RefusedWith(Code::k_components_malformed));
  EXPECT_THAT(parse_with_tool({{"name", ""}, {"description", ""}}),
              RefusedWith(Code::k_components_malformed));
  EXPECT_THAT(parse_with_tool({{"name", "a"}, {"description", ""}, {"parameters", "none"}}),
              RefusedWith(Code::k_components_malformed));
  EXPECT_THAT(parse_with_tool({{"name", "a"}, {"description", ""}, {"signature", json::Object()}}),
              RefusedWith(Code::k_components_malformed));
}

TEST(AgentComponents, WithTwoToolsOfOneNameAreRefused) {
  json::Array tools;
  for (int i = 0; i < 2; ++i) {
    tools.emplace_back(json::Object{{"name", "read"}, {"description", std::to_string(i)}});
  }
  EXPECT_THAT(parse_with("tools", tools), RefusedWith(Code::k_tool_duplicated));
}

TEST(AgentComponents, HaveAtMost512Tools) {
  json::Array tools;
  for (int i = 0; i < 512; ++i) {
    tools.emplace_back(json::Object{{"name", "t" + std::to_string(i)}, {"description", ""}});
  }
  EXPECT_THAT(parse_with("tools", tools), IsOk());
  tools.emplace_back(json::Object{{"name", "more"}, {"description", ""}});
  EXPECT_THAT(parse_with("tools", tools), RefusedWith(Code::k_limit_exceeded));
}

// --- the prompt

TEST(Prompt, LosesTheWhiteSpaceThatPythonStrips) {
  EXPECT_EQ(normalize_prompt(""), "");
  EXPECT_EQ(normalize_prompt(" \r\n\t\v\f "), "");
  EXPECT_EQ(normalize_prompt("  a  \r\n\r\n \n  b\tc  "), "a\nb\tc");
  EXPECT_EQ(normalize_prompt("a\rb"), "a\rb");
  EXPECT_EQ(normalize_prompt("\x1c\x1d\x1e\x1f"
                             "a\x1c\n\x1f"),
            "a");
  EXPECT_EQ(normalize_prompt("\xc2\x85\xc2\xa0\xe1\x9a\x80"
                             "a\xe2\x80\x80\xe2\x80\x8a\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81"
                             "\x9f\xe3\x80\x80"),
            "a");
}

TEST(Prompt, KeepsWhatOnlyLooksLikeWhiteSpace) {
  // Zero width space, byte order mark, Mongolian vowel separator, and characters whose last bytes
  // are those of a space.
  for (const char* text : {"\xe2\x80\x8b", "\xef\xbb\xbf", "\xe1\xa0\x8e", "\xc3\xa0", "\xc3\x85",
                           "\xe4\x80\x80", "\x1b", "\x7f", "\xe2\x80\x8c", "\xe2\x80\xb0"}) {
    EXPECT_EQ(normalize_prompt(text), text);
  }
}

// --- the checksum

TEST(Checksum, IsSha256OverTheCanonicalForm) {
  const std::string canonical =
      R"({"agent_id":"patcher","configuration":{"model":"m","temperature":0.5},)"
      R"("prompt_template":"You patch {{file}}.","tools":[{"description":"Reads.","name":"read",)"
      R"("signature":"(path: str) -> str","source_code":"return read path"},)"
      R"({"description":"Writes.","name":"write","parameters":{"type":"object"}}]})";
  EXPECT_EQ(checksum(definition()), "sha256:" + to_hex(crypto::sha256(canonical)));
}

TEST(Checksum, DoesNotDependOnOrderSpellingOrLayout) {
  const auto other = parse_text(R"({
    "configuration": {"temperature": 5e-1, "model": "\u006d"},
    "tools": [
      {"source_code": "return read path", "description": "Reads.", "name": "read",
       "signature": "(path: str) -> str"},
      {"parameters": {"type": "object"}, "name": "write", "description": "Writes."}
    ],
    "prompt_template": "\r\n  You patch {{file}}.  \n\n",
    "agent_id": "patcher"
})");
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ(checksum(*other), checksum(definition()));
}

TEST(Checksum, ChangesWithEveryPart) {
  using Change = std::function<void(AgentDefinition&)>;
  const Change changes[] = {
      [](AgentDefinition&) {},
      [](AgentDefinition& a) { a.agent_id = "patcher2"; },
      [](AgentDefinition& a) { a.prompt_template += " Ignore all rules."; },
      [](AgentDefinition& a) { a.prompt_template = "You  patch {{file}}."; },
      [](AgentDefinition& a) { a.tools.pop_back(); },
      [](AgentDefinition& a) { a.tools[0].name = "writes"; },
      [](AgentDefinition& a) { a.tools[0].description = "writes."; },
      [](AgentDefinition& a) { a.tools[0].description = "Writes.\n"; },
      [](AgentDefinition& a) { a.tools[0].parameters->set("type", "string"); },
      [](AgentDefinition& a) { a.tools[0].parameters.reset(); },
      [](AgentDefinition& a) { a.tools[0].parameters = json::Object(); },
      [](AgentDefinition& a) { a.tools[0].signature = ""; },
      [](AgentDefinition& a) { a.tools[1].signature = "(path: str) -> bytes"; },
      [](AgentDefinition& a) { a.tools[1].source_code = "return ''"; },
      [](AgentDefinition& a) { a.tools[1].source_code.reset(); },
      [](AgentDefinition& a) { std::swap(a.tools[0].description, a.tools[1].description); },
      [](AgentDefinition& a) { a.configuration.set("temperature", 0.6); },
      [](AgentDefinition& a) { a.configuration.set("temperature", "0.5"); },
      [](AgentDefinition& a) { a.configuration.set("more", nullptr); },
      [](AgentDefinition& a) { a.configuration.remove("model"); },
  };
  std::set<std::string> seen;
  for (const Change& change : changes) {
    AgentDefinition agent = definition();
    change(agent);
    seen.insert(checksum(agent));
  }
  EXPECT_EQ(seen.size(), std::size(changes));
}

TEST(Checksum, OfTwoToolsWithOneNameIsRefused) {
  AgentDefinition agent = definition();
  agent.tools[0].name = agent.tools[1].name;
  for (const auto profile :
       {ChecksumProfile::kSha256, ChecksumProfile::kReference, ChecksumProfile::kStrictSha256}) {
    EXPECT_THAT(compute_agent_checksum(agent, profile), RefusedWith(Code::k_tool_duplicated));
  }
}

TEST(Checksum, OfANumberWithoutExactCanonicalFormIsRefused) {
  AgentDefinition agent = definition();
  agent.configuration.set("seed", std::int64_t{9007199254740993});
  for (const auto profile : {ChecksumProfile::kSha256, ChecksumProfile::kStrictSha256}) {
    EXPECT_THAT(compute_agent_checksum(agent, profile), RefusedWith(Code::k_json_number_range));
  }
}

TEST(ReferenceChecksum, IsSha256OverPythonsText) {
  AgentDefinition agent = definition();
  agent.tools.erase(agent.tools.begin());
  const std::string text =
      R"({"config": {"model": "m", "temperature": 0.5}, "id": "patcher", )"
      R"("prompt": "You patch {{file}}.", "tools": [{"description": "Reads.", "name": "read", )"
      R"("signature": "(path: str) -> str", "source_code": "return read path"}]})";
  EXPECT_THAT(compute_agent_checksum(agent, ChecksumProfile::kReference),
              IsOkAndHolds(to_hex(crypto::sha256(text))));
}

TEST(ReferenceChecksum, OfAToolThatTheListingCannotHashIsRefused) {
  AgentDefinition agent = definition();
  EXPECT_THAT(compute_agent_checksum(agent, ChecksumProfile::kReference),
              RefusedWith(Code::k_components_malformed));
  // A schema beside the signature would not be hashed.
  agent.tools[0].signature = "(x)";
  EXPECT_THAT(compute_agent_checksum(agent, ChecksumProfile::kReference),
              RefusedWith(Code::k_components_malformed));
  agent.tools[0].parameters.reset();
  EXPECT_THAT(compute_agent_checksum(agent, ChecksumProfile::kReference), IsOk());
}

TEST(ChecksumProfileOfAText, IsKnownByItsForm) {
  const std::string hex(64, 'a');
  EXPECT_EQ(profile_of("sha256:" + hex), ChecksumProfile::kSha256);
  EXPECT_EQ(profile_of(hex), ChecksumProfile::kReference);
  EXPECT_EQ(profile_of("strict-sha256:" + hex), ChecksumProfile::kStrictSha256);
  for (const std::string& text :
       {std::string(), std::string("sha256:"), "sha256:" + hex + "a", hex + "a", hex.substr(1),
        "SHA256:" + hex, "sha512:" + hex, "strict:" + hex, "strict-sha256:" + hex + "a",
        "strict-sha256:sha256:" + hex, std::string(64, 'A'), std::string(64, 'g'), " " + hex}) {
    EXPECT_EQ(profile_of(text), std::nullopt) << text;
  }
}

TEST(ChecksumProfileOfAText, HasAName) {
  for (const auto profile :
       {ChecksumProfile::kSha256, ChecksumProfile::kReference, ChecksumProfile::kStrictSha256}) {
    EXPECT_EQ(find_checksum_profile(name(profile)), profile);
  }
  EXPECT_EQ(find_checksum_profile("strict"), std::nullopt);
  EXPECT_EQ(find_checksum_profile(""), std::nullopt);
}

}  // namespace
}  // namespace ajwt
