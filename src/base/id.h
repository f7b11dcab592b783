// SPDX-License-Identifier: Apache-2.0
//
// Identifiers: strings that were checked once and cannot be mixed up with one another.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace ajwt {

// is_identifier tells whether text matches [A-Za-z0-9._:-]{1,128}. It excludes '|', which joins
// ids in the draft's short hashes, white space, quotes and everything that is not ASCII.
bool is_identifier(std::string_view text);

// Id is an identifier of one kind (the Tag). It has no default value; `parse` is the way in for
// untrusted text, `trusted` for text that we made or stored ourselves.
template <class Tag>
class Id {
 public:
  static Result<Id> parse(std::string_view text) {
    if (!is_identifier(text)) return refuse(Code::k_identifier_malformed, std::string(Tag::kName));
    return Id(std::string(text));
  }
  static Id trusted(std::string text) { return Id(std::move(text)); }

  const std::string& str() const { return text_; }
  // NOLINTNEXTLINE(modernize-use-nullptr): sees a pointer in the 0 that <=> compares with
  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct AppIdTag {
  static constexpr std::string_view kName = "app_id";
};
struct ClientIdTag {
  static constexpr std::string_view kName = "client_id";
};
struct AgentIdTag {
  static constexpr std::string_view kName = "agent_id";
};
struct RegistrationIdTag {
  static constexpr std::string_view kName = "registration_id";
};
struct WorkflowIdTag {
  static constexpr std::string_view kName = "workflow_id";
};
struct StepIdTag {
  static constexpr std::string_view kName = "workflow_step";
};
struct ExecutionIdTag {
  static constexpr std::string_view kName = "execution_id";
};

using AppId = Id<AppIdTag>;
using ClientId = Id<ClientIdTag>;
using AgentId = Id<AgentIdTag>;
using RegistrationId = Id<RegistrationIdTag>;
using WorkflowId = Id<WorkflowIdTag>;
using StepId = Id<StepIdTag>;
using ExecutionId = Id<ExecutionIdTag>;

}  // namespace ajwt

template <class Tag>
struct std::hash<ajwt::Id<Tag>> {
  std::size_t operator()(const ajwt::Id<Tag>& id) const {
    return std::hash<std::string>()(id.str());
  }
};
