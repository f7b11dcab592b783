// SPDX-License-Identifier: Apache-2.0
//
// The texts of the records' enumerators, in answers, audit entries and the store alike: once.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "authority/records.h"
#include "base/check.h"

namespace ajwt::authority {

// Named is one enumerator and its text.
template <class E>
struct Named {
  E value;
  std::string_view text;
};

// Names<E>::kAll lists the enumerators of E.
template <class E>
struct Names;

template <>
struct Names<WorkflowRule> {
  static constexpr auto kAll = std::to_array<Named<WorkflowRule>>(
      {{WorkflowRule::kRequired, "required"}, {WorkflowRule::kOptional, "optional"}});
};

template <>
struct Names<ActivationRule> {
  static constexpr auto kAll =
      std::to_array<Named<ActivationRule>>({{ActivationRule::kAtRegistration, "at_registration"},
                                            {ActivationRule::kSeparate, "separate"}});
};

template <>
struct Names<ConfirmationRule> {
  static constexpr auto kAll = std::to_array<Named<ConfirmationRule>>(
      {{ConfirmationRule::kNone, "none"},
       {ConfirmationRule::kSecondAdministrator, "second_administrator"}});
};

template <>
struct Names<ClientAuth> {
  static constexpr auto kAll =
      std::to_array<Named<ClientAuth>>({{ClientAuth::kPrivateKeyJwt, "private_key_jwt"},
                                        {ClientAuth::kClientSecretBasic, "client_secret_basic"}});
};

template <>
struct Names<RegistrationState> {
  static constexpr auto kAll =
      std::to_array<Named<RegistrationState>>({{RegistrationState::kRegistered, "registered"},
                                               {RegistrationState::kVerified, "verified"},
                                               {RegistrationState::kUpdated, "updated"},
                                               {RegistrationState::kRevoked, "revoked"}});
};

template <>
struct Names<Autonomy> {
  static constexpr auto kAll =
      std::to_array<Named<Autonomy>>({{Autonomy::kSupervised, "supervised"},
                                      {Autonomy::kSemi, "semi"},
                                      {Autonomy::kFull, "full"}});
};

template <>
struct Names<GrantOrigin> {
  static constexpr auto kAll = std::to_array<Named<GrantOrigin>>(
      {{GrantOrigin::kStated, "stated"}, {GrantOrigin::kFrozen, "frozen"}});
};

template <>
struct Names<ExecutionStatus> {
  static constexpr auto kAll = std::to_array<Named<ExecutionStatus>>(
      {{ExecutionStatus::kOpen, "open"}, {ExecutionStatus::kClosed, "closed"}});
};

template <>
struct Names<StepStatus> {
  static constexpr auto kAll = std::to_array<Named<StepStatus>>({{StepStatus::kPending, "pending"},
                                                                 {StepStatus::kActive, "active"},
                                                                 {StepStatus::kDone, "done"},
                                                                 {StepStatus::kFailed, "failed"}});
};

template <>
struct Names<SigningKeyState> {
  static constexpr auto kAll =
      std::to_array<Named<SigningKeyState>>({{SigningKeyState::kAnnounced, "announced"},
                                             {SigningKeyState::kActive, "active"},
                                             {SigningKeyState::kRetiring, "retiring"}});
};

// name returns the enumerator's text.
template <class E>
constexpr std::string_view name(E value) requires requires {
  Names<E>::kAll;
}
{
  for (const auto& each : Names<E>::kAll) {
    if (each.value == value) return each.text;
  }
  AJWT_CHECK(false);
}

// find_named returns the enumerator with that text.
template <class E>
constexpr std::optional<E> find_named(std::string_view text) {
  for (const auto& each : Names<E>::kAll) {
    if (each.text == text) return each.value;
  }
  return std::nullopt;
}

}  // namespace ajwt::authority
