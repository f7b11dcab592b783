// SPDX-License-Identifier: Apache-2.0
#include "protocol/subject.h"

namespace ajwt {
namespace {

constexpr std::string_view kAgentPrefix = "agent:";

Error malformed() { return refuse(Code::k_claim_malformed, "Claim sub."); }

}  // namespace

Result<AppId> parse_app_id(std::string_view text) {
  // A ':' would let one application spell the name of another one's agent.
  if (text.find(':') != std::string_view::npos) {
    return refuse(Code::k_identifier_malformed, std::string(AppIdTag::kName));
  }
  return AppId::parse(text);
}

Result<AgentName> AgentName::parse(std::string_view text) {
  if (!text.starts_with(kAgentPrefix)) return malformed();
  text.remove_prefix(kAgentPrefix.size());
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return malformed();
  auto app_id = parse_app_id(text.substr(0, colon));
  auto agent_id = AgentId::parse(text.substr(colon + 1));
  if (!app_id || !agent_id) return malformed();
  return AgentName{*std::move(app_id), *std::move(agent_id)};
}

}  // namespace ajwt
