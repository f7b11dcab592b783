// SPDX-License-Identifier: Apache-2.0
#include "authority/registry/agents.h"

#include <utility>

#include "authority/retry.h"
#include "base/check.h"
#include "crypto/random.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

Result<crypto::PublicKey> parse_key(json::Members& members) {
  AJWT_ASSIGN(const auto pem, members.find_string(names::kPublicKey));
  AJWT_ASSIGN(const auto* jwk, members.find_object(names::kJwk));
  if (pem && jwk != nullptr) {
    return refuse(Code::k_parameter_duplicated, "Give public_key or jwk, not both.");
  }
  if (pem) return crypto::PublicKey::from_pem(*pem);
  if (jwk == nullptr) return refuse(Code::k_parameter_missing, "public_key or jwk");
  AJWT_ASSIGN(auto parsed, jose::parse_jwk(*jwk));
  return parsed.key;
}

Result<std::optional<Autonomy>> parse_autonomy(const std::optional<std::string>& text) {
  if (!text) return std::optional<Autonomy>();
  if (*text == "semi") return Autonomy::kSemi;
  if (*text == "supervised") return Autonomy::kSupervised;
  if (*text == "full") return Autonomy::kFull;
  return refuse(Code::k_parameter_malformed, "autonomy is supervised, semi or full.");
}

std::string_view name(Autonomy autonomy) {
  switch (autonomy) {
    case Autonomy::kSupervised:
      return "supervised";
    case Autonomy::kSemi:
      return "semi";
    case Autonomy::kFull:
      return "full";
  }
  AJWT_CHECK(false);
}

Result<ChecksumProfile> parse_profile(const std::optional<std::string>& text) {
  if (!text) return ChecksumProfile::kSha256;
  if (const auto profile = find_checksum_profile(*text)) return *profile;
  return refuse(Code::k_parameter_malformed, "profile is sha256 or reference.");
}

struct Identity {
  AgentId agent_id;
  std::optional<AgentDefinition> components;
};

Result<Identity> parse_identity(json::Members& members) {
  AJWT_ASSIGN(const auto agent, members.find_string(names::kAgentId));
  AJWT_ASSIGN(const auto* components, members.find_object(names::kAgentComponents));
  if (components == nullptr) {
    if (!agent) return refuse(Code::k_parameter_missing, std::string(names::kAgentComponents));
    AJWT_ASSIGN(auto agent_id, AgentId::parse(*agent));
    return Identity{std::move(agent_id), std::nullopt};
  }
  AJWT_ASSIGN(auto definition, parse_agent_components(*components));
  if (agent && *agent != definition.agent_id) {
    return refuse(Code::k_parameter_malformed, "agent_id differs from agent_components.agent_id.");
  }
  AJWT_ASSIGN(auto agent_id, AgentId::parse(definition.agent_id));
  return Identity{std::move(agent_id), std::move(definition)};
}

// checksum_of recomputes the checksum, or takes a bare one as it is (P10).
Result<std::string> checksum_of(const RegisterAgentRequest& request) {
  if (!request.components) return *request.checksum;
  AJWT_ASSIGN(std::string computed, compute_agent_checksum(*request.components, request.profile));
  if (request.checksum && !equal_constant_time(*request.checksum, computed)) {
    return refuse(Code::k_checksum_differs);
  }
  return computed;
}

// load_application finds the application that is registered for, and that the caller may act for.
// Another's application answers as a missing one does.
Result<Application> load_application(Context& context, const Caller& caller, const AppId& app_id,
                                     KeyChange key_change) {
  if (!caller.owns(app_id) && key_change != KeyChange::kByAdministrator) {
    return refuse(Code::k_client_unauthorized, "app_id is not the caller's application.");
  }
  AJWT_ASSIGN(auto application, context.store.find_application(app_id));
  if (!application) return refuse(Code::k_not_found, std::string(names::kAppId));
  return *std::move(application);
}

struct Draft {
  const RegisterAgentRequest& request;
  const std::string& checksum;
  const std::string& jkt;
};

bool is_same(const Registration& registration, const Draft& draft) {
  return registration.checksum == draft.checksum && registration.jkt == draft.jkt;
}

// check_succession: may this become the next version of what is registered? A key change by who
// holds the application's credential alone would lock the real agent out (threats T1).
Status check_succession(const Registration& newest, const Draft& draft,
                        const std::optional<VerifiedProof>& old_key_proof, KeyChange key_change) {
  if (newest.state == RegistrationState::kRevoked) return refuse(Code::k_registration_revoked);
  if (is_same(newest, draft)) {
    // The same registration answers as it is; what would have to change it is never dropped.
    if (draft.request.grant && draft.request.grant != newest.grant) {
      return refuse(Code::k_already_exists, "It is registered with another grant.");
    }
    if (draft.request.autonomy && draft.request.autonomy != newest.autonomy) {
      return refuse(Code::k_already_exists, "It is registered with another autonomy.");
    }
    if (draft.request.components && !newest.recomputed) {
      return refuse(Code::k_already_exists, "It is registered by its checksum alone.");
    }
  }
  if (newest.jkt == draft.jkt || key_change == KeyChange::kByAdministrator) return ok();
  if (old_key_proof && old_key_proof->jkt() == newest.jkt) return ok();
  return refuse(Code::k_duplicate_agent);
}

Result<Registration> build_registration(const Context& context, const Draft& draft,
                                        const std::optional<Registration>& newest, Instant now) {
  auto id = RegistrationId::trusted(crypto::make_id("reg", now));
  Bytes sealed;
  if (draft.request.components) {
    AJWT_ASSIGN(const std::string text,
                json::write_jcs(json::Value(to_json(*draft.request.components))));
    AJWT_ASSIGN(sealed, context.sealing_key.seal(as_bytes(text), id.str()));
  }
  const bool inherits = !draft.request.grant && newest;
  return Registration{.registration_id = std::move(id),
                      .app_id = draft.request.app_id,
                      .agent_id = draft.request.agent_id,
                      .version = newest ? newest->version + 1 : 1,
                      .state = RegistrationState::kRegistered,
                      .checksum = draft.checksum,
                      .profile = draft.request.profile,
                      .recomputed = draft.request.components.has_value(),
                      .key = draft.request.key,
                      .jkt = draft.jkt,
                      .grant = inherits ? newest->grant : draft.request.grant,
                      .grant_origin = inherits ? newest->grant_origin : GrantOrigin::kStated,
                      .autonomy = draft.request.autonomy.value_or(Autonomy::kSemi),
                      .sealed_components = std::move(sealed),
                      .registered_at = now,
                      .row_version = 1};
}

json::Object audit_facts(const Registration& registration) {
  json::Object facts;
  facts.set(names::kSub, AgentName{registration.app_id, registration.agent_id}.str());
  facts.set(names::kRegistrationId, registration.registration_id.str());
  facts.set(names::kVersion, registration.version);
  facts.set(names::kChecksum, registration.checksum);
  facts.set(names::kJkt, registration.jkt);
  if (registration.grant) facts.set(names::kGrant, to_json(*registration.grant));
  return facts;
}

// registration_audit rests on the application's settings and on the version that gives way: its
// grant is inherited, and whoever changes it meanwhile must not be overruled.
AuditEntry registration_audit(const Caller& caller, const Application& application,
                              const Registration& registration,
                              const std::optional<Registration>& newest,
                              const std::optional<AgentId>& twin, std::string_view decision_id,
                              Instant now) {
  json::Object facts = audit_facts(registration);
  if (newest && newest->jkt != registration.jkt) facts.set("key_changed_from", newest->jkt);
  // The same content under another id is allowed and worth a look (protocol 3.2).
  if (twin) facts.set("same_checksum_as", twin->str());
  Basis basis;
  basis.application = as_loaded(application);
  if (newest) basis.registrations.push_back(as_loaded(*newest));
  return build_audit(registration.app_id, decision_id, "register_agent",
                     allowed_to(caller, std::move(basis)), now, facts);
}

Result<Registration> get_newest(Context& context, const AppId& app_id, const AgentId& agent_id) {
  AJWT_ASSIGN(auto newest, context.store.find_registration(app_id, agent_id));
  if (!newest) return refuse(Code::k_not_found, agent_id.str());
  return *std::move(newest);
}

}  // namespace

Result<RegisterAgentRequest> parse_register_agent(const json::Object& body) {
  json::Members members(body);
  AJWT_ASSIGN(const std::string app, members.get_string(names::kAppId));
  AJWT_ASSIGN(auto app_id, parse_app_id(app));
  AJWT_ASSIGN(auto identity, parse_identity(members));
  AJWT_ASSIGN(auto checksum, members.find_string(names::kChecksum));
  AJWT_ASSIGN(const auto profile_text, members.find_string(names::kProfile));
  AJWT_ASSIGN(const auto profile, parse_profile(profile_text));
  if (!identity.components && !checksum) {
    return refuse(Code::k_parameter_missing, "agent_components or checksum");
  }
  if (checksum && profile_of(*checksum) != profile) {
    return refuse(Code::k_parameter_malformed, "checksum has not the form of its profile.");
  }
  if (members.find_any(names::kComponentHashes) != nullptr) {
    return refuse(Code::k_not_supported, std::string(names::kComponentHashes));
  }
  AJWT_ASSIGN(auto key, parse_key(members));
  std::optional<Grant> grant;
  AJWT_ASSIGN(const auto* grant_array, members.find_array(names::kGrant));
  if (grant_array != nullptr) {
    AJWT_ASSIGN(grant, parse_grant(*grant_array));
  }
  AJWT_ASSIGN(const auto autonomy_text, members.find_string(names::kAutonomy));
  AJWT_ASSIGN(const auto autonomy, parse_autonomy(autonomy_text));
  AJWT_TRY(members.check_no_others());
  return RegisterAgentRequest{.app_id = std::move(app_id),
                              .agent_id = std::move(identity.agent_id),
                              .components = std::move(identity.components),
                              .checksum = std::move(checksum),
                              .profile = profile,
                              .key = std::move(key),
                              .grant = std::move(grant),
                              .autonomy = autonomy};
}

Result<RegisterAgentAnswer> register_agent(Context& context, const Caller& caller,
                                           const RegisterAgentRequest& request,
                                           const VerifiedProof& key_proof,
                                           const std::optional<VerifiedProof>& old_key_proof,
                                           KeyChange key_change, std::string_view decision_id,
                                           Instant now) {
  return retry_on_change([&]() -> Result<RegisterAgentAnswer> {
    AJWT_ASSIGN(const Application application,
                load_application(context, caller, request.app_id, key_change));
    const std::string jkt = jose::thumbprint(request.key);
    if (key_proof.jkt() != jkt) return refuse(Code::k_proof_key_mismatch);
    if (request.profile == ChecksumProfile::kReference && !application.accepts_reference_checksum) {
      return refuse(Code::k_parameter_malformed,
                    "The application does not accept profile reference.");
    }
    AJWT_ASSIGN(const std::string checksum, checksum_of(request));
    const Draft draft{request, checksum, jkt};
    AJWT_ASSIGN(const auto newest,
                context.store.find_registration(request.app_id, request.agent_id));
    if (newest) {
      AJWT_TRY(check_succession(*newest, draft, old_key_proof, key_change));
      if (is_same(*newest, draft)) {
        return RegisterAgentAnswer{RegistrationOutcome::kUnchanged, *newest};
      }
    }
    AJWT_ASSIGN(auto registration, build_registration(context, draft, newest, now));
    AJWT_ASSIGN(const auto twin,
                context.store.find_same_checksum(request.app_id, request.agent_id, checksum));
    AJWT_TRY(context.store.add_registration(
        registration,
        registration_audit(caller, application, registration, newest, twin, decision_id, now)));
    return RegisterAgentAnswer{RegistrationOutcome::kCreated, std::move(registration)};
  });
}

Status revoke_agent(Context& context, const Caller& caller, const AppId& app_id,
                    const AgentId& agent_id, std::string_view decision_id, Instant now) {
  return retry_on_change([&]() -> Status {
    AJWT_ASSIGN(auto registration, get_newest(context, app_id, agent_id));
    if (registration.state == RegistrationState::kRevoked) return ok();
    registration.state = RegistrationState::kRevoked;
    return context.store.update_registration(
        registration, build_audit(app_id, decision_id, "revoke_agent", allowed_to(caller), now,
                                  audit_facts(registration)));
  });
}

Status change_grant(Context& context, const Caller& caller, const AppId& app_id,
                    const AgentId& agent_id, const Grant& grant, std::string_view decision_id,
                    Instant now) {
  return retry_on_change([&]() -> Status {
    AJWT_ASSIGN(auto registration, get_newest(context, app_id, agent_id));
    if (registration.state == RegistrationState::kRevoked) {
      return refuse(Code::k_registration_revoked);
    }
    registration.grant = grant;
    registration.grant_origin = GrantOrigin::kStated;
    return context.store.update_registration(
        registration, build_audit(app_id, decision_id, "change_grant", allowed_to(caller), now,
                                  audit_facts(registration)));
  });
}

json::Object write_registration(const Registration& registration) {
  json::Object out;
  out.set(names::kAppId, registration.app_id.str());
  out.set(names::kAgentId, registration.agent_id.str());
  out.set(names::kRegistrationId, registration.registration_id.str());
  out.set(names::kVersion, registration.version);
  out.set(names::kStatus, authority::name(registration.state));
  out.set(names::kChecksum, registration.checksum);
  out.set(names::kProfile, ajwt::name(registration.profile));
  out.set("recomputed", registration.recomputed);
  out.set(names::kJkt, registration.jkt);
  out.set(names::kAutonomy, name(registration.autonomy));
  if (registration.grant) {
    out.set(names::kGrant, to_json(*registration.grant));
    out.set("grant_origin", authority::name(registration.grant_origin));
  }
  out.set("registered_at", to_unix(registration.registered_at));
  return out;
}

Result<std::optional<json::Object>> open_components(const Context& context,
                                                    const Registration& registration) {
  if (registration.sealed_components.empty()) return std::optional<json::Object>();
  AJWT_ASSIGN(const Bytes text, context.sealing_key.open(registration.sealed_components,
                                                         registration.registration_id.str()));
  AJWT_ASSIGN(auto components, json::parse_object(as_text(text)));
  return std::optional<json::Object>(std::move(components));
}

}  // namespace ajwt::authority
