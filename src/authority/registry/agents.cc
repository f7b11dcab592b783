// SPDX-License-Identifier: Apache-2.0
#include "authority/registry/agents.h"

#include <utility>

#include "authority/key_member.h"
#include "authority/record_names.h"
#include "authority/registry/component_hashes.h"
#include "authority/retry.h"
#include "crypto/random.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

Result<crypto::PublicKey> get_public_key(json::Members& members) {
  AJWT_ASSIGN(auto key, find_public_key(members));
  if (!key) return refuse(Code::k_parameter_missing, "public_key or jwk");
  return *std::move(key);
}

Result<std::optional<Autonomy>> parse_autonomy(const std::optional<std::string>& text) {
  if (!text) return std::optional<Autonomy>();
  if (const auto autonomy = find_named<Autonomy>(*text)) return autonomy;
  return refuse(Code::k_parameter_malformed, "autonomy is supervised, semi or full.");
}

Result<ChecksumProfile> parse_profile(const std::optional<std::string>& text) {
  if (!text) return ChecksumProfile::kSha256;
  if (const auto profile = find_checksum_profile(*text)) return *profile;
  return refuse(Code::k_parameter_malformed, "profile is sha256, reference or strict-sha256.");
}

struct Identity {
  AgentId agent_id;
  std::optional<AgentDefinition> components;
  std::optional<ComponentDigests> hashes;
};

Result<Identity> parse_identity(json::Members& members) {
  AJWT_ASSIGN(const auto agent, members.find_string(names::kAgentId));
  AJWT_ASSIGN(const auto* components, members.find_object(names::kAgentComponents));
  AJWT_ASSIGN(const auto* hashes, members.find_object(names::kComponentHashes));
  if (components != nullptr && hashes != nullptr) {
    return refuse(Code::k_parameter_duplicated, "Give agent_components or component_hashes.");
  }
  if (components == nullptr) {
    if (!agent) return refuse(Code::k_parameter_missing, std::string(names::kAgentComponents));
    AJWT_ASSIGN(auto agent_id, AgentId::parse(*agent));
    Identity identity{std::move(agent_id), std::nullopt, std::nullopt};
    if (hashes != nullptr) {
      AJWT_ASSIGN(identity.hashes, parse_component_hashes(*hashes));
    }
    return identity;
  }
  AJWT_ASSIGN(auto definition, parse_agent_components(*components));
  if (agent && *agent != definition.agent_id) {
    return refuse(Code::k_parameter_malformed, "agent_id differs from agent_components.agent_id.");
  }
  AJWT_ASSIGN(auto agent_id, AgentId::parse(definition.agent_id));
  return Identity{std::move(agent_id), std::move(definition), std::nullopt};
}

// can_recompute: of hashes alone only the profile that is a hash over them.
bool can_recompute(const RegisterAgentRequest& request) {
  return request.components ||
         (request.component_hashes && request.profile == ChecksumProfile::kStrictSha256);
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

constexpr std::string_view kInactive = "inactive";

struct Proposal {
  const RegisterAgentRequest& request;
  const std::string& checksum;
  const std::string& jkt;
};

bool is_same(const Registration& registration, const Proposal& proposal) {
  return registration.checksum == proposal.checksum && registration.jkt == proposal.jkt;
}

// Versions is what stands before a new version of an agent: the newest one, and the one that acts
// for the agent now, which is the same unless the newest waits for its activation.
struct Versions {
  std::optional<Registration> newest;
  std::optional<Registration> acting;
};

Result<Versions> load_versions(Context& context, const AppId& app_id, const AgentId& agent_id) {
  Versions versions;
  AJWT_ASSIGN(versions.newest, context.store.find_registration(app_id, agent_id));
  AJWT_ASSIGN(versions.acting, context.store.find_acting_registration(app_id, agent_id));
  return versions;
}

// find_same returns the version that is registered already: the newest, or the one that acts while
// the newest waits, whose instances may register themselves at each start.
const Registration* find_same(const Versions& versions, const Proposal& proposal) {
  for (const auto* version : {&versions.newest, &versions.acting}) {
    if (*version && is_same(**version, proposal)) return &**version;
  }
  return nullptr;
}

// check_same: the same registration answers as it is; what would have to change it is never
// dropped.
Status check_same(const Registration& registered, const RegisterAgentRequest& request) {
  if (request.grant && request.grant != registered.grant) {
    return refuse(Code::k_already_exists, "It is registered with another grant.");
  }
  if (request.autonomy && request.autonomy != registered.autonomy) {
    return refuse(Code::k_already_exists, "It is registered with another autonomy.");
  }
  if (request.components && registered.sealed_components.empty()) {
    return refuse(Code::k_already_exists, "It is registered without its components.");
  }
  if (request.component_hashes && registered.sealed_components.empty() &&
      registered.component_hmacs.empty()) {
    return refuse(Code::k_already_exists, "It is registered by its checksum alone.");
  }
  return ok();
}

// check_succession: may this become the next version after the one that acts? A key change by who
// holds the application's credential alone would lock the real agent out (threats T1).
Status check_succession(const Registration& acting, const Proposal& proposal,
                        const std::optional<VerifiedProof>& old_key_proof, KeyChange key_change) {
  if (acting.jkt == proposal.jkt || key_change == KeyChange::kByAdministrator) return ok();
  if (old_key_proof && old_key_proof->jkt() == acting.jkt) return ok();
  return refuse(Code::k_duplicate_agent);
}

// inherited returns whose grant a version takes that states none. One that waits takes it when it
// is activated, from the version that acts then.
const Registration* inherited(const Proposal& proposal, const Versions& versions, bool waits) {
  if (proposal.request.grant || !versions.acting) return nullptr;
  return waits && versions.acting->is_activated() ? nullptr : &*versions.acting;
}

// mac_parts returns the MACs of the parts, as far as they are given.
Result<std::string> mac_parts(const Context& context, const RegisterAgentRequest& request) {
  if (!request.components && !request.component_hashes) return std::string();
  ComponentDigests digests;
  if (request.components) {
    AJWT_ASSIGN(digests, compute_component_digests(*request.components));
  } else {
    digests = *request.component_hashes;
  }
  return mac_components(context, request.app_id, request.agent_id, digests);
}

// check_same_hashes: hashes that the checksum does not vouch for may differ under one checksum.
Status check_same_hashes(const Context& context, const RegisterAgentRequest& request,
                         const Registration& registered) {
  if (!request.component_hashes || registered.component_hmacs.empty()) return ok();
  AJWT_ASSIGN(const std::string macs, mac_parts(context, request));
  if (equal_constant_time(macs, registered.component_hmacs)) return ok();
  return refuse(Code::k_already_exists, "It is registered with other component hashes.");
}

Result<Registration> build_registration(const Context& context, const Application& application,
                                        const Proposal& proposal, const Versions& versions,
                                        Instant now) {
  auto id = RegistrationId::trusted(crypto::make_id("reg", now));
  Bytes sealed;
  if (proposal.request.components) {
    AJWT_ASSIGN(const std::string text,
                json::write_jcs(json::Value(to_json(*proposal.request.components))));
    AJWT_ASSIGN(sealed, context.sealing_key.seal(as_bytes(text), id.str()));
  }
  AJWT_ASSIGN(std::string macs, mac_parts(context, proposal.request));
  const bool waits = application.activation == ActivationRule::kSeparate;
  const Registration* heir_of = inherited(proposal, versions, waits);
  return Registration{
      .registration_id = std::move(id),
      .app_id = proposal.request.app_id,
      .agent_id = proposal.request.agent_id,
      .version = versions.newest ? versions.newest->version + 1 : 1,
      .state = RegistrationState::kRegistered,
      .checksum = proposal.checksum,
      .profile = proposal.request.profile,
      .recomputed = can_recompute(proposal.request),
      .key = proposal.request.key,
      .jkt = proposal.jkt,
      .grant = heir_of != nullptr ? heir_of->grant : proposal.request.grant,
      .grant_origin = heir_of != nullptr ? heir_of->grant_origin : GrantOrigin::kStated,
      .autonomy = proposal.request.autonomy.value_or(Autonomy::kSemi),
      .sealed_components = std::move(sealed),
      .component_hmacs = std::move(macs),
      .registered_at = now,
      .activated_at = waits ? std::nullopt : std::optional<Instant>(now),
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

// registration_audit rests on the application's settings and on the versions before: their grant is
// inherited and their key decides, and whoever changes them meanwhile must not be overruled.
AuditEntry registration_audit(const Caller& caller, const Application& application,
                              const Registration& registration, const Versions& versions,
                              const std::optional<AgentId>& twin, std::string_view decision_id,
                              Instant now) {
  json::Object facts = audit_facts(registration);
  if (versions.acting && versions.acting->jkt != registration.jkt) {
    facts.set("key_changed_from", versions.acting->jkt);
  }
  // The same content under another id is allowed and worth a look (protocol 3.2).
  if (twin) facts.set("same_checksum_as", twin->str());
  if (!registration.is_activated()) facts.set(names::kStatus, kInactive);
  Basis basis;
  basis.application = as_loaded(application);
  if (versions.acting) basis.registrations.push_back(as_loaded(*versions.acting));
  if (versions.newest) basis.registrations.push_back(as_loaded(*versions.newest));
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
  const bool strict_hashes = identity.hashes && profile == ChecksumProfile::kStrictSha256;
  if (!identity.components && !strict_hashes && !checksum) {
    return refuse(Code::k_parameter_missing, "agent_components or checksum");
  }
  if (checksum && profile_of(*checksum) != profile) {
    return refuse(Code::k_parameter_malformed, "checksum has not the form of its profile.");
  }
  AJWT_ASSIGN(auto key, get_public_key(members));
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
                              .component_hashes = std::move(identity.hashes),
                              .checksum = std::move(checksum),
                              .profile = profile,
                              .key = std::move(key),
                              .grant = std::move(grant),
                              .autonomy = autonomy};
}

Result<std::string> compute_checksum(const RegisterAgentRequest& request) {
  if (!can_recompute(request)) return *request.checksum;
  auto computed = request.components
                      ? compute_agent_checksum(*request.components, request.profile)
                      : strict_checksum(request.agent_id.str(), *request.component_hashes);
  if (computed && request.checksum && !equal_constant_time(*request.checksum, *computed)) {
    return refuse(Code::k_checksum_differs);
  }
  return computed;
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
    AJWT_ASSIGN(const std::string checksum, compute_checksum(request));
    const Proposal proposal{request, checksum, jkt};
    AJWT_ASSIGN(const Versions versions, load_versions(context, request.app_id, request.agent_id));
    if (versions.acting && versions.acting->state == RegistrationState::kRevoked) {
      return refuse(Code::k_registration_revoked);
    }
    if (const Registration* same = find_same(versions, proposal)) {
      AJWT_TRY(check_same(*same, request));
      AJWT_TRY(check_same_hashes(context, request, *same));
      return RegisterAgentAnswer{RegistrationOutcome::kUnchanged, *same};
    }
    if (versions.acting) {
      AJWT_TRY(check_succession(*versions.acting, proposal, old_key_proof, key_change));
    }
    AJWT_ASSIGN(auto registration,
                build_registration(context, application, proposal, versions, now));
    AJWT_ASSIGN(const auto twin,
                context.store.find_same_checksum(request.app_id, request.agent_id, checksum));
    AJWT_TRY(context.store.add_registration(
        registration,
        registration_audit(caller, application, registration, versions, twin, decision_id, now)));
    return RegisterAgentAnswer{RegistrationOutcome::kCreated, std::move(registration)};
  });
}

Result<Registration> activate_agent(Context& context, const Caller& caller, const AppId& app_id,
                                    const AgentId& agent_id, const RegistrationId& registration_id,
                                    std::string_view decision_id, Instant now) {
  return retry_on_change([&]() -> Result<Registration> {
    AJWT_ASSIGN(auto versions, load_versions(context, app_id, agent_id));
    if (!versions.newest) return refuse(Code::k_not_found, agent_id.str());
    Registration registration = *std::move(versions.newest);
    if (registration.registration_id != registration_id) {
      return refuse(Code::k_registration_superseded,
                    "The newest is " + registration.registration_id.str() + ".");
    }
    if (registration.state == RegistrationState::kRevoked) {
      return refuse(Code::k_registration_revoked);
    }
    if (registration.is_activated()) return registration;
    Basis basis;
    if (versions.acting->is_activated()) {
      basis.registrations.push_back(as_loaded(*versions.acting));
      if (!registration.grant) {
        registration.grant = versions.acting->grant;
        registration.grant_origin = versions.acting->grant_origin;
      }
    }
    registration.activated_at = now;
    AJWT_TRY(context.store.activate_registration(
        registration,
        build_audit(app_id, decision_id, "activate_agent", allowed_to(caller, std::move(basis)),
                    now, audit_facts(registration))));
    return get_newest(context, app_id, agent_id);
  });
}

Status revoke_agent(Context& context, const Caller& caller, const AppId& app_id,
                    const AgentId& agent_id, std::string_view decision_id, Instant now) {
  return retry_on_change([&]() -> Status {
    AJWT_ASSIGN(const auto newest, get_newest(context, app_id, agent_id));
    if (newest.state == RegistrationState::kRevoked) return ok();
    return context.store.revoke_agent(app_id, agent_id,
                                      build_audit(app_id, decision_id, "revoke_agent",
                                                  allowed_to(caller), now, audit_facts(newest)));
  });
}

Status change_grant(Context& context, const Caller& caller, const AppId& app_id,
                    const AgentId& agent_id, const Grant& grant, std::string_view decision_id,
                    Instant now) {
  return retry_on_change([&]() -> Status {
    AJWT_ASSIGN(auto found, context.store.find_acting_registration(app_id, agent_id));
    if (!found) return refuse(Code::k_not_found, agent_id.str());
    Registration registration = *std::move(found);
    if (registration.state == RegistrationState::kRevoked) {
      return refuse(Code::k_registration_revoked);
    }
    registration.grant = grant;
    registration.grant_origin = GrantOrigin::kStated;
    return context.store.update_grant(
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
  const bool waits =
      registration.state == RegistrationState::kRegistered && !registration.is_activated();
  out.set(names::kStatus, waits ? kInactive : name(registration.state));
  out.set(names::kChecksum, registration.checksum);
  out.set(names::kProfile, ajwt::name(registration.profile));
  out.set("recomputed", registration.recomputed);
  out.set(names::kJkt, registration.jkt);
  out.set(names::kAutonomy, name(registration.autonomy));
  if (registration.grant) {
    out.set(names::kGrant, to_json(*registration.grant));
    out.set("grant_origin", name(registration.grant_origin));
  }
  out.set("registered_at", to_unix(registration.registered_at));
  if (registration.activated_at) out.set("activated_at", to_unix(*registration.activated_at));
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
