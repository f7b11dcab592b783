// SPDX-License-Identifier: Apache-2.0
//
// How much each kind of caller may do in a time: the settings of the rate limiter.
#pragma once

#include <cstddef>

namespace ajwt::authority {

// Budget is a token bucket: it holds `burst` tokens and gets `per_second` new ones.
struct Budget {
  double per_second;
  double burst;
};

// RateLimits are the budgets of every kind of bucket. The defaults are far above what a working
// fleet needs; they stop loops and guessing.
struct RateLimits {
  Budget address{.per_second = 5000, .burst = 20'000};          // every request of an address
  Budget address_failures{.per_second = 20, .burst = 500};      // failed authentications
  Budget client_mint{.per_second = 2000, .burst = 10'000};      // token requests of a client
  Budget client_registration{.per_second = 50, .burst = 1000};  // agents and workflows
  Budget client_failures{.per_second = 20, .burst = 500};       // a client with bad proofs
  Budget client_calls{.per_second = 500, .burst = 5000};        // everything else
  Budget agent_mint{.per_second = 1000, .burst = 5000};         // mints for one agent
  Budget agent_registration{.per_second = 1, .burst = 60};      // registrations of one agent
  Budget agent_failures{.per_second = 0.2, .burst = 60};        // mints refused for what it is
  std::size_t capacity = 100'000;  // buckets of each kind that are kept
};

}  // namespace ajwt::authority
