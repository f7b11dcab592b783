// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token inspect`: what a token or proof says. Needs no key and sends nothing anywhere.
#include <array>
#include <ostream>

#include "apps/ajwt/commands/token.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/time_text.h"
#include "apps/ajwt/support/token_kind.h"
#include "base/clock.h"
#include "jose/jwk.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

struct InspectOptions {
  std::string token;
};

// bound_key returns the thumbprint of the key that a token is bound to, or that made a proof.
std::string bound_key(const DecodedToken& token) {
  if (const json::Object* cnf = token.claims.find_object(names::kCnf)) {
    return cnf->text(names::kJkt);
  }
  const json::Object* jwk = token.header.find_object(names::kJwk);
  if (jwk == nullptr) return {};
  const auto key = jose::parse_jwk(*jwk);
  return key ? jose::thumbprint(key->key) : std::string();
}

json::Object times_of(const json::Object& claims, Instant now) {
  constexpr auto kTimes = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{names::kIat, "issued"}, {names::kNbf, "not before"}, {names::kExp, "expires"}});
  constexpr std::int64_t kLatest = 253402300799;  // the end of the year 9999
  json::Object times;
  for (const auto& [claim, label] : kTimes) {
    const std::int64_t* seconds = claims.find_integer(claim);
    if (seconds == nullptr || *seconds < 0 || *seconds > kLatest) continue;
    times.set(label, dated_text(from_unix(*seconds), now));
  }
  return times;
}

void print_section(std::ostream& out, std::string_view title, const json::Object& object) {
  out << title << '\n';
  for (const auto& member : object.members()) {
    out << "  " << printable(member.name) << "  " << text_of(member.value) << '\n';
  }
}

void declare(CLI::App& command, InspectOptions& options) {
  command.add_option("TOKEN", options.token, "A token or proof; - is standard input")->required();
}

Status run(Session& session, const InspectOptions& options) {
  AJWT_ASSIGN(const std::string text, read_token_input(options.token));
  AJWT_ASSIGN(const DecodedToken token, decode_token(text));
  const json::Object times = times_of(token.claims, SystemClock().now());
  const std::string kind = kind_of(token);
  const std::string key = bound_key(token);
  if (session.is_json()) {
    json::Object out{{"kind", kind},
                     {"verified", false},
                     {"header", token.header},
                     {"claims", token.claims},
                     {"times", times}};
    if (!key.empty()) out.set("key", key);
    session.print_json(std::move(out));
    return ok();
  }
  session.out() << printable(kind) << '\n';
  print_section(session.out(), "header", token.header);
  print_section(session.out(), "claims", token.claims);
  if (!times.empty()) print_section(session.out(), "times", times);
  if (!key.empty()) session.out() << "key\n  jkt  " << printable(key) << '\n';
  if (token.is_draft()) session.note("A bearer token: whoever holds it may use it.");
  session.note("Nothing was verified: anyone can write such a text. See ajwt token verify --help.");
  return ok();
}

}  // namespace

void add_token_inspect(CLI::App& token, Session& session) {
  add_verb<InspectOptions>(
      token, session,
      {.name = "inspect",
       .summary = "Show what a token or a DPoP proof says, offline, unverified.",
       .examples = {"ajwt token inspect - < token.txt",
                    "ajwt token inspect -o json - < proof.txt"}},
      declare, run);
}

}  // namespace ajwt::app
