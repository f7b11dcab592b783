// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/hint.h"

#include <algorithm>
#include <array>

namespace ajwt::app {
namespace {

struct Hint {
  Code code;
  std::string_view text;
};

constexpr auto kHints = std::to_array<Hint>({
    {Code::k_network_failed, "check the address; ajwt serve or ajwt dev starts an authority"},
    {Code::k_key_file_unsafe, "chmod 600 FILE, and let the file belong to the user who runs ajwt"},
    {Code::k_client_unauthenticated,
     "check --client-id and --key; ajwt app client list APP shows the clients"},
    {Code::k_client_unauthorized,
     "act as a client that holds the scope; ajwt app client list APP shows which do"},
    {Code::k_agent_checksum_mismatch,
     "ajwt agent show APP AGENT shows what is registered, ajwt agent checksum FILE what you have"},
    {Code::k_checksum_differs, "ajwt agent checksum FILE computes it"},
    {Code::k_duplicate_agent, "a new key for a known agent: register as an administrator"},
    {Code::k_workflow_agent_unknown, "ajwt agent register first, then the workflow"},
    {Code::k_workflow_exceeds_grant, "ajwt agent grant widens an agent's grant"},
    {Code::k_execution_unknown, "ajwt execution list shows the newest runs"},
    {Code::k_store_damaged, "restore the data directory from a backup"},
    {Code::k_store_too_new, "run the newer ajwt that wrote it"},
    {Code::k_proof_time_refused, "set this machine's clock"},
    {Code::k_rate_limited, "wait a little and repeat"},
});

}  // namespace

std::string_view hint_for(const Error& error) {
  const auto found = std::find_if(kHints.begin(), kHints.end(),
                                  [&](const Hint& hint) { return hint.code == error.code(); });
  return found == kHints.end() ? std::string_view() : found->text;
}

}  // namespace ajwt::app
