// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/remedies.h"

#include <algorithm>
#include <array>

namespace ajwt::authority {
namespace {

struct Remedy {
  Code code;
  std::string_view text;
};

constexpr auto kRemedies = std::to_array<Remedy>({
    {Code::k_proof_missing,
     "Send a DPoP header: a proof signed with the token's key or, with a secret or an assertion, "
     "with the agent's key."},
    {Code::k_proof_nonce_missing, "Repeat the request with the nonce of the DPoP-Nonce header."},
    {Code::k_proof_nonce_refused, "Repeat the request with the nonce of the DPoP-Nonce header."},
    {Code::k_proof_time_refused, "Set the clock of the machine that made the proof."},
    {Code::k_proof_replayed, "Make a new proof, with a new jti, for every request."},
    {Code::k_proof_uri_mismatch,
     "htu must be the issuer followed by the path. Behind a proxy, set the authority's public_url "
     "to the address that clients use."},
    {Code::k_proof_body_mismatch,
     "Put bd, the base64url SHA-256 of the body as sent, into the proof, and change nothing "
     "afterwards."},
    {Code::k_proof_query_mismatch,
     "Put qd, the base64url SHA-256 of the query as sent, into the proof."},
    {Code::k_proof_key_mismatch, "Sign the proof with the key that the token or the body names."},
    {Code::k_key_proof_missing,
     "With an access token, the agent's key proves itself by a JWS of type agent-proof+jwt in the "
     "body's key_proofs."},
    {Code::k_client_unauthenticated,
     "Check the client with 'ajwt app client list APP'; 'ajwt app client rotate-secret CLIENT' "
     "makes a new secret. An assertion's aud is the issuer, alone."},
    {Code::k_client_credentials_doubled,
     "Use one of HTTP Basic, client_assertion and an access token."},
    {Code::k_client_unauthorized,
     "'ajwt app client list APP' shows what the client may do; a client that mints cannot "
     "register."},
    {Code::k_token_insufficient_scope, "Get a token with the scope; the client must hold it."},
    {Code::k_grant_type_unsupported,
     "Use client_credentials or agent_checksum at /oauth/token, agent_checksum at /intent/token."},
    {Code::k_agent_unknown,
     "'ajwt agent list APP' shows what is registered; 'ajwt agent register -f FILE --agent-key "
     "KEY' adds it."},
    {Code::k_draft_agent_refused,
     "'ajwt draft-00 list APP' shows which agents are set to the profile; 'ajwt draft-00 set-agent "
     "APP AGENT -f GRANT' sets one."},
    {Code::k_draft_profile_closed, "Let the agent mint with a proof of its key."},
    {Code::k_agent_revoked,
     "A revoked agent never comes back: register its successor under another agent_id."},
    {Code::k_agent_inactive,
     "The version waits for an administrator: 'ajwt agent activate APP AGENT REGISTRATION'."},
    {Code::k_registration_superseded,
     "'ajwt agent show APP AGENT' shows the newest version; activate that one."},
    {Code::k_workflow_unconfirmed,
     "'ajwt workflow confirm APP WORKFLOW VERSION' by another administrator than the one who "
     "registered it."},
    {Code::k_second_administrator_needed,
     "Let a client of another person with admin:workflows confirm it."},
    {Code::k_agent_key_unknown,
     "The agent runs with another key than the registered one. 'ajwt agent show APP AGENT' shows "
     "the registered thumbprint; an administrator changes it by 'ajwt agent register -f FILE "
     "--agent-key KEY'."},
    {Code::k_agent_checksum_mismatch,
     "'ajwt agent diff FILE --app APP' shows which part differs, if the application's registering "
     "client asks. If the change is intended: 'ajwt agent register -f FILE --agent-key KEY'."},
    {Code::k_component_not_hashed,
     "Register with profile strict-sha256, which hashes it, or leave it out."},
    {Code::k_components_unknown,
     "Register the next version with its components, or with component_hashes."},
    {Code::k_checksum_differs,
     "'ajwt agent checksum FILE' computes it; or leave checksum out of the request."},
    {Code::k_duplicate_agent,
     "Send the old key's proof too, in key_proofs, or let an administrator register the new key."},
    {Code::k_execution_unknown, "POST /intent/executions opens one."},
    {Code::k_execution_closed, "POST /intent/executions opens a new one."},
    {Code::k_execution_expired,
     "POST /intent/executions opens a new one; expires_in says how long it may run."},
    {Code::k_workflow_required,
     "Name workflow_id, workflow_step and execution_id, or set the application's workflow rule: "
     "'ajwt app set APP --workflow-rule optional'."},
    {Code::k_workflow_unknown,
     "'ajwt workflow list APP' shows the workflows; 'ajwt workflow register -f FILE' adds one."},
    {Code::k_step_unknown, "'ajwt workflow show APP WORKFLOW' shows the steps."},
    {Code::k_step_agent_differs,
     "'ajwt workflow show APP WORKFLOW' shows which agent the step is assigned to."},
    {Code::k_step_predecessors_missing,
     "Complete the missing steps first: POST /intent/executions/ID/steps/STEP/complete."},
    {Code::k_step_uses_exhausted,
     "Open a new execution, or register a workflow version with a higher max_uses."},
    {Code::k_step_held, "Let the agent that began the step complete it."},
    {Code::k_scope_exceeds_ceiling,
     "Ask for less, or let an administrator widen the ceiling that the message names: 'ajwt agent "
     "grant APP AGENT -f FILE' for an agent's."},
    {Code::k_audience_exceeds_ceiling,
     "Ask for another audience, or add it to the application: 'ajwt app set APP --audience "
     "URL'."},
    {Code::k_audience_not_single, "Ask for one token per audience."},
    {Code::k_workflow_agent_unknown,
     "'ajwt agent register -f FILE --agent-key KEY' first, then the workflow."},
    {Code::k_workflow_exceeds_grant,
     "'ajwt agent grant APP AGENT -f FILE' widens the grant; then register the workflow again."},
    {Code::k_scopes_conflict, "Make two clients: one that registers and one that mints."},
    {Code::k_rate_limited, "Wait as long as Retry-After says."},
    {Code::k_client_changed, "Authenticate again: with another secret, or not at all if disabled."},
    {Code::k_state_changed, "Send the request again with a new proof."},
    {Code::k_intent_refused,
     "An intent token is for the service that it names. For the authority, get a token by "
     "client_credentials."},
    {Code::k_token_required,
     "Get a token by client_credentials at /oauth/token and present it with the DPoP scheme."},
    {Code::k_token_scheme_refused, "Present the token as 'Authorization: DPoP TOKEN'."},
    {Code::k_token_expired, "Get a new token."},
    {Code::k_content_type_refused,
     "POST /oauth/token takes application/x-www-form-urlencoded; everything else "
     "application/json."},
    {Code::k_store_unavailable, "Look at /health/ready and at the authority's log."},
});

}  // namespace

std::string_view remedy_for(Code code) {
  const auto found = std::find_if(kRemedies.begin(), kRemedies.end(),
                                  [&](const Remedy& remedy) { return remedy.code == code; });
  return found == kRemedies.end() ? std::string_view() : found->text;
}

}  // namespace ajwt::authority
