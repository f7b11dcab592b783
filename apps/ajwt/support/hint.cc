// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/hint.h"

#include <algorithm>
#include <array>

#include "authority/oauth/remedies.h"

namespace ajwt::app {
namespace {

struct Hint {
  Code code;
  std::string_view text;
};

// What the authority says to do holds here, too; this is what a command line knows better.
constexpr auto kHints = std::to_array<Hint>({
    {Code::k_network_failed, "check the address; ajwt serve or ajwt dev starts an authority"},
    {Code::k_key_file_unsafe, "chmod 600 FILE, and let the file belong to the user who runs ajwt"},
    {Code::k_execution_unknown, "ajwt execution list shows the newest runs"},
    {Code::k_rate_limited, "wait a little and repeat"},
    {Code::k_state_changed, "repeat the command"},
    {Code::k_client_changed, "repeat the command"},
    {Code::k_store_unavailable, ""},  // the message says what stands in the way
    {Code::k_store_damaged, "restore the data directory from a backup"},
    {Code::k_store_too_new, "run the newer ajwt that wrote it"},
});

}  // namespace

std::string_view hint_for(const Error& error) {
  const auto found = std::find_if(kHints.begin(), kHints.end(),
                                  [&](const Hint& hint) { return hint.code == error.code(); });
  return found == kHints.end() ? authority::remedy_for(error.code()) : found->text;
}

}  // namespace ajwt::app
