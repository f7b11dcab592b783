// SPDX-License-Identifier: Apache-2.0
//
// Answers of an authority or a service, which are untrusted input like any other.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/http_message.h"
#include "base/result.h"
#include "base/secret.h"
#include "json/value.h"
#include "protocol/scope.h"

namespace ajwt::shim {

// HeldToken is a token as the authority gave it, with the times of our own clock.
struct HeldToken {
  Secret token;
  Instant renew_at;    // from here on a new one is asked for while this one still works
  Instant expires_at;  // from here on it is not used any more
};

// Hidden is the texts that must never come out of an answer, whatever the server writes: the
// client's secret, as it is and as it travels.
using Hidden = std::span<const Secret>;

// safe_text returns what may be shown of a text that a server wrote: printable, at most 1000
// bytes, without runs longer than any identifier (a token or proof that was echoed), and nothing at
// all if a hidden text stands in it.
std::string safe_text(std::string_view text, Hidden hidden);

// read_refusal turns an error answer into an Error: the Code by `reason`, else by `error`; the
// message from error_description; missing_steps as items. k_response_malformed for an answer that
// is neither.
Error read_refusal(const HttpResponse& response, Hidden hidden);

// read_answer returns the JSON of a 2xx answer (null for an empty one), or refuses with
// read_refusal; k_response_malformed for a 2xx answer that is no JSON, or any other status.
Result<json::Value> read_answer(const HttpResponse& response, Hidden hidden);

// read_token reads a token answer (RFC 6749 5.1, RFC 9449 5) to a request made at `sent_at` for
// exactly `scopes`. Refuses k_response_malformed: a type other than DPoP (a token that is bound to
// no key is no lesser form of one that is), a token that could not stand in a header, a lifetime
// outside 1 second to 1 day, other scopes than asked for.
Result<HeldToken> read_token(const json::Value& answer, const Scopes& scopes, Instant sent_at);

}  // namespace ajwt::shim
