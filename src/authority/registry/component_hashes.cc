// SPDX-License-Identifier: Apache-2.0
#include "authority/registry/component_hashes.h"

#include <utility>

#include "authority/registry/agents.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "json/parse.h"
#include "json/write.h"

namespace ajwt::authority {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kKeyBytes = 32;
constexpr auto kMacLabel = "ajwt-component-v1\0"sv;
constexpr json::Limits kOwnHashes{.max_bytes = 64 * 1024 * 1024, .max_depth = 64};

std::string sealing_context(const AppId& app_id) { return "component-key:" + app_id.str(); }

Secret take_secret(Bytes bytes) {
  Secret secret{std::string(as_text(bytes))};
  wipe(bytes.data(), bytes.size());
  return secret;
}

// load_component_key returns the application's key, which is made when it is needed first.
Result<Secret> load_component_key(const Context& context, const AppId& app_id) {
  AJWT_ASSIGN(std::optional<Bytes> sealed, context.store.find_component_key(app_id));
  if (!sealed) {
    const Secret made = take_secret(crypto::random_bytes(kKeyBytes));
    AJWT_ASSIGN(const Bytes box,
                context.sealing_key.seal(as_bytes(made.reveal()), sealing_context(app_id)));
    AJWT_ASSIGN(sealed, context.store.keep_component_key(app_id, box));
  }
  AJWT_ASSIGN(Bytes key, context.sealing_key.open(*sealed, sealing_context(app_id)));
  return take_secret(std::move(key));
}

// The names are part of what is authenticated: equal texts in two places have unlike MACs.
Result<ComponentDigests> mac_each(const Secret& key, const AgentId& agent_id,
                                  const ComponentDigests& digests) {
  ComponentDigests macs;
  for (const auto& [component, digest] : digests) {
    AJWT_ASSIGN(const std::string text,
                json::write_jcs(json::Array{agent_id.str(), part_name(component.part),
                                            component.server, component.name, digest}));
    const Digest mac =
        crypto::hmac_sha256(as_bytes(key.reveal()), as_bytes(std::string(kMacLabel) + text));
    macs.emplace(component, to_hex(mac));
  }
  return macs;
}

// Digests or MACs that the store holds were written by us: what cannot be read is damage.
Result<ComponentDigests> read_macs(const std::string& text) {
  const auto object = json::parse_object(text, kOwnHashes);
  auto macs = object ? parse_component_hashes(*object) : Result<ComponentDigests>(object.error());
  if (!macs) return refuse(Code::k_store_damaged).with_detail("component_hmacs cannot be read");
  return macs;
}

}  // namespace

Result<std::string> mac_components(const Context& context, const AppId& app_id,
                                   const AgentId& agent_id, const ComponentDigests& digests) {
  AJWT_ASSIGN(const Secret key, load_component_key(context, app_id));
  AJWT_ASSIGN(const ComponentDigests macs, mac_each(key, agent_id, digests));
  return json::write(json::Value(to_json(macs)));
}

Result<std::vector<ComponentDrift>> find_drift(const Context& context,
                                               const Registration& registration,
                                               const ComponentDigests& live) {
  if (!registration.component_hmacs.empty()) {
    AJWT_ASSIGN(const ComponentDigests registered, read_macs(registration.component_hmacs));
    AJWT_ASSIGN(const Secret key, load_component_key(context, registration.app_id));
    AJWT_ASSIGN(const ComponentDigests macs, mac_each(key, registration.agent_id, live));
    return compare_components(registered, macs);
  }
  // Registered before MACs were kept: the text says it.
  AJWT_ASSIGN(const auto components, open_components(context, registration));
  if (!components) return refuse(Code::k_components_unknown);
  AJWT_ASSIGN(const AgentDefinition definition, parse_agent_components(*components));
  AJWT_ASSIGN(const ComponentDigests registered, compute_component_digests(definition));
  return compare_components(registered, live);
}

}  // namespace ajwt::authority
