// SPDX-License-Identifier: Apache-2.0
//
// The words of OAuth and of Agentic JWT, grouped by where they are defined. A protocol word is
// written here and nowhere else in src/.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ajwt::names {

// JWT claims (RFC 7519 4.1, RFC 9068 2.2, RFC 7800 3.1, RFC 9396 9.1).
inline constexpr std::string_view kIss = "iss";
inline constexpr std::string_view kAud = "aud";
inline constexpr std::string_view kSub = "sub";
inline constexpr std::string_view kExp = "exp";
inline constexpr std::string_view kNbf = "nbf";
inline constexpr std::string_view kIat = "iat";
inline constexpr std::string_view kJti = "jti";
inline constexpr std::string_view kScope = "scope";
inline constexpr std::string_view kClientId = "client_id";
inline constexpr std::string_view kCnf = "cnf";
inline constexpr std::string_view kJkt = "jkt";
inline constexpr std::string_view kJwk = "jwk";
inline constexpr std::string_view kAuthorizationDetails = "authorization_details";
inline constexpr std::string_view kType = "type";

// DPoP (RFC 9449 4.2) and our own claims of a proof (protocol 6.2).
inline constexpr std::string_view kHtm = "htm";
inline constexpr std::string_view kHtu = "htu";
inline constexpr std::string_view kAth = "ath";
inline constexpr std::string_view kNonce = "nonce";
inline constexpr std::string_view kBd = "bd";
inline constexpr std::string_view kQd = "qd";

// Agentic JWT claims (draft 4.4.2; protocol 5.1).
inline constexpr std::string_view kIntent = "intent";
inline constexpr std::string_view kWorkflowId = "workflow_id";
inline constexpr std::string_view kWorkflowVersion = "workflow_version";
inline constexpr std::string_view kWorkflowStep = "workflow_step";
inline constexpr std::string_view kExecutedBy = "executed_by";
inline constexpr std::string_view kInitiatedBy = "initiated_by";
inline constexpr std::string_view kExecutionId = "execution_id";
inline constexpr std::string_view kDelegators = "delegators";
inline constexpr std::string_view kDelegationChain = "delegation_chain";
inline constexpr std::string_view kStepSequenceHash = "step_sequence_hash";
inline constexpr std::string_view kDelegationDigest = "delegation_digest";
inline constexpr std::string_view kStepSequenceDigest = "step_sequence_digest";
inline constexpr std::string_view kAgentProof = "agent_proof";
inline constexpr std::string_view kAgentChecksum = "agent_checksum";
inline constexpr std::string_view kRegistrationId = "registration_id";
inline constexpr std::string_view kSubProfile = "sub_profile";
inline constexpr std::string_view kAgent = "agent";
inline constexpr std::string_view kProfile = "profile";
inline constexpr std::string_view kAgentTool = "agent_tool";
inline constexpr std::string_view kTool = "tool";
inline constexpr std::string_view kConstraints = "constraints";

// Token requests (RFC 6749 4.4, RFC 7523 2.2, RFC 8707 2; draft 4.2.1).
inline constexpr std::string_view kGrantType = "grant_type";
inline constexpr std::string_view kClientSecret = "client_secret";
inline constexpr std::string_view kClientAssertion = "client_assertion";
inline constexpr std::string_view kClientAssertionType = "client_assertion_type";
inline constexpr std::string_view kResource = "resource";
inline constexpr std::string_view kAudience = "audience";
inline constexpr std::string_view kAgentId = "agent_id";
inline constexpr std::string_view kComputedChecksum = "computed_checksum";
inline constexpr std::string_view kWorkflowEnabled = "workflow_enabled";
inline constexpr std::string_view kRequestedScopes = "requested_scopes";
inline constexpr std::string_view kDelegationContext = "delegation_context";
inline constexpr std::string_view kChain = "chain";
inline constexpr std::string_view kCompletedSteps = "completed_steps";
inline constexpr std::string_view kKeyProofs = "key_proofs";

inline constexpr std::string_view kClientCredentials = "client_credentials";
// draft 4.1: the short name and the URN of one grant type.
inline constexpr std::string_view kAgentChecksumGrant = "agent_checksum";
inline constexpr std::string_view kAgentChecksumGrantUrn =
    "urn:ietf:params:oauth:grant-type:agent_checksum";
inline constexpr std::string_view kJwtBearerAssertion =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// Token answers and errors (RFC 6749 5, RFC 9449 5; draft 4.4.1, 4.5.1).
inline constexpr std::string_view kAccessToken = "access_token";
inline constexpr std::string_view kTokenType = "token_type";
inline constexpr std::string_view kExpiresIn = "expires_in";
inline constexpr std::string_view kDpop = "DPoP";
inline constexpr std::string_view kBearer = "Bearer";
inline constexpr std::string_view kBasic = "Basic";
inline constexpr std::string_view kError = "error";
inline constexpr std::string_view kErrorDescription = "error_description";
inline constexpr std::string_view kErrorUri = "error_uri";
inline constexpr std::string_view kDecisionId = "decision_id";
inline constexpr std::string_view kReason = "reason";
inline constexpr std::string_view kHint = "hint";
inline constexpr std::string_view kMissingSteps = "missing_steps";

// Media types of signed objects (protocol 6.4).
inline constexpr std::string_view kTypAccessToken = "at+jwt";
inline constexpr std::string_view kTypProof = "dpop+jwt";
inline constexpr std::string_view kTypAgentProof = "agent-proof+jwt";
inline constexpr std::string_view kTypDraftToken = "jwt";  // draft 4.4.1; written "JWT"

// Profile draft-00 (protocol 5.3), and what its requests call things.
inline constexpr std::string_view kDraft00 = "draft-00";
inline constexpr std::string_view kToolName = "tool_name";
inline constexpr std::string_view kRegistrationRequests = "registration_requests";
inline constexpr std::string_view kWorkflowDefinitions = "workflow_definitions";
inline constexpr std::string_view kDraftAudience = "idp.localhost";  // draft 4.2.3

// Registration (draft 5.2, 5.4, 6.3; protocol 3.2, 4.1).
inline constexpr std::string_view kAppId = "app_id";
inline constexpr std::string_view kAgentComponents = "agent_components";
inline constexpr std::string_view kPromptTemplate = "prompt_template";
inline constexpr std::string_view kTools = "tools";
inline constexpr std::string_view kConfiguration = "configuration";
inline constexpr std::string_view kName = "name";
inline constexpr std::string_view kDescription = "description";
inline constexpr std::string_view kParameters = "parameters";
inline constexpr std::string_view kSignature = "signature";
inline constexpr std::string_view kSourceCode = "source_code";
inline constexpr std::string_view kHelpers = "helpers";
inline constexpr std::string_view kSlots = "slots";
inline constexpr std::string_view kModel = "model";
inline constexpr std::string_view kServers = "servers";
inline constexpr std::string_view kId = "id";
inline constexpr std::string_view kDigest = "digest";
inline constexpr std::string_view kInputSchema = "input_schema";
inline constexpr std::string_view kOutputSchema = "output_schema";
inline constexpr std::string_view kPrompt = "prompt";
inline constexpr std::string_view kChecksum = "checksum";
inline constexpr std::string_view kComponentHashes = "component_hashes";
inline constexpr std::string_view kPublicKey = "public_key";
inline constexpr std::string_view kGrant = "grant";
inline constexpr std::string_view kAutonomy = "autonomy";
inline constexpr std::string_view kVersion = "version";
inline constexpr std::string_view kSteps = "steps";
inline constexpr std::string_view kStepId = "step_id";
inline constexpr std::string_view kAction = "action";
inline constexpr std::string_view kScopes = "scopes";
inline constexpr std::string_view kDependencies = "dependencies";
inline constexpr std::string_view kRequired = "required";
inline constexpr std::string_view kApprovalGate = "approval_gate";
inline constexpr std::string_view kRequiresApproval = "requires_approval";
inline constexpr std::string_view kMaxUses = "max_uses";
inline constexpr std::string_view kMaxCalls = "max_calls";
inline constexpr std::string_view kCompletion = "completion";
inline constexpr std::string_view kTimeoutS = "timeout_s";
inline constexpr std::string_view kStatus = "status";
inline constexpr std::string_view kOutcome = "outcome";

// Scopes of the authority's own interfaces (draft 4.2.3, 9.1.3; protocol 3.2, 7).
inline constexpr std::string_view kScopeMint = "generate:intent-token";
inline constexpr std::string_view kScopeRegisterAgent = "register:intent";
inline constexpr std::string_view kScopeRegisterWorkflow = "register:workflow";
inline constexpr std::string_view kScopeReadAgents = "read:agents";  // profile draft-00 alone
inline constexpr std::string_view kAdminScopePrefix = "admin:";
inline constexpr std::string_view kScopeAdminApps = "admin:apps";
inline constexpr std::string_view kScopeAdminKeys = "admin:keys";
inline constexpr std::string_view kScopeAdminWorkflows = "admin:workflows";
inline constexpr std::string_view kScopeAdminAgents = "admin:agents";
inline constexpr std::string_view kScopeAdminAudit = "admin:audit";
// kAdminScopes is all of them: what the first administrator has.
inline constexpr std::array kAdminScopes{kScopeAdminApps, kScopeAdminKeys, kScopeAdminWorkflows,
                                         kScopeAdminAgents, kScopeAdminAudit};

// HTTP fields.
inline constexpr std::string_view kAuthorization = "Authorization";
inline constexpr std::string_view kDpopHeader = "DPoP";
inline constexpr std::string_view kDpopNonce = "DPoP-Nonce";
inline constexpr std::string_view kWwwAuthenticate = "WWW-Authenticate";
inline constexpr std::string_view kRetryAfter = "Retry-After";

// Random bytes of each jti that we make: 128 bits, more than the 96 of RFC 9449 4.2.
inline constexpr std::size_t kJtiBytes = 16;
// The longest jti that we read, in bytes.
inline constexpr std::size_t kMaxJtiLength = 256;

}  // namespace ajwt::names
