// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token inspect`: what a token or proof says. Needs no key and sends nothing anywhere.
#include <array>
#include <ostream>

#include "apps/ajwt/commands/token.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/time_text.h"
#include "base/clock.h"
#include "jose/jwk.h"
#include "jose/peek.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

struct InspectOptions {
  std::string token;
};

struct Decoded {
  json::Object header;
  json::Object claims;
};

Error about(std::string_view part, const Error& error) {
  if (error.code() == Code::k_jws_malformed) return error;  // of the whole
  return refuse(error.code(), "In the token's " + std::string(part) + ": " + error.message());
}

Result<Decoded> decode(const std::string& token) {
  auto header = jose::peek_header(token, kMaxTokenInputBytes);
  if (!header) return about("header", header.error());
  auto claims = jose::peek_payload(token, kMaxTokenInputBytes);
  if (!claims) return about("claims", claims.error());
  return Decoded{*std::move(header), *std::move(claims)};
}

std::string kind_of(const Decoded& token) {
  const std::string type = token.header.text("typ");
  if (type == names::kTypProof) return "DPoP proof";
  if (type == names::kTypAgentProof) return "agent proof";
  if (type == names::kTypAccessToken) {
    return token.claims.contains(names::kIntent) ? "intent token" : "access token";
  }
  return type.empty() ? "JWT" : type;
}

// bound_key returns the thumbprint of the key that a token is bound to, or that made a proof.
std::string bound_key(const Decoded& token) {
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
    const Instant time = from_unix(*seconds);
    times.set(label, time_text(time) + " (" + relative_text(time, now) + ")");
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
  AJWT_ASSIGN(const Decoded token, decode(text));
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
