// SPDX-License-Identifier: Apache-2.0
//
// The doctor against a real authority and a real guard, with a hop between that does what proxies
// do to requests and answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "apps/ajwt/demo/agents.h"
#include "apps/ajwt/dev/dev_system.h"
#include "apps/ajwt/doctor/checks.h"
#include "files/key_file.h"
#include "files/scratch_directory.h"
#include "gateway/guard_server.h"
#include "http/client.h"
#include "http/server.h"
#include "protocol/names.h"
#include "shim/authority_client.h"
#include "tests/support/matchers.h"

namespace ajwt::app {
namespace {

using ::testing::HasSubstr;

// Hop sends what it is given, changed on the way.
class Hop final : public HttpClient {
 public:
  std::function<void(HttpCall&)> on_request = [](HttpCall&) {};
  std::function<void(HttpResponse&)> on_answer = [](HttpResponse&) {};
  bool keeps_answers = false;

  Result<HttpResponse> send(const HttpCall& call) override {
    HttpCall changed = call;
    on_request(changed);
    const auto kept = kept_.find(call.url);
    if (keeps_answers && kept != kept_.end()) return kept->second;
    AJWT_ASSIGN(HttpResponse answer, inner_.send(changed));
    on_answer(answer);
    kept_.insert_or_assign(call.url, answer);
    return answer;
  }

 private:
  http::CurlClient inner_;
  std::map<std::string, HttpResponse> kept_;
};

class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(Seconds shift) : shift_(shift) {}
  Instant now() const override { return SystemClock().now() + shift_; }

 private:
  Seconds shift_;
};

class DoctorTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto scratch = files::ScratchDirectory::create();
    ASSERT_THAT(scratch, IsOk());
    scratch_ = scratch->release();
    auto system = DevSystem::start({.data = scratch_->path() + "/dev", .port_base = 0});
    ASSERT_THAT(system, IsOk());
    system_ = system->release();
  }
  static void TearDownTestSuite() {
    delete system_;
    delete scratch_;
  }

  static const demo::DevInfo& dev() { return system_->info(); }

  // file returns what the guard of `ajwt dev` runs with, its policy followed by `routes`.
  static gateway::GuardOptions file(const json::Array& routes = {}) {
    json::Object policy = demo::demo_policy();
    json::Array all = *policy.find_array("route");
    all.insert(all.end(), routes.begin(), routes.end());
    policy.set("route", std::move(all));
    auto parsed = guard::Policy::parse(policy);
    EXPECT_THAT(parsed, IsOk());
    return gateway::GuardOptions{.issuer = dev().issuer,
                                 .audience = dev().guard_url,
                                 .public_url = dev().guard_url,
                                 .policy = *std::move(parsed)};
  }

  DoctorTarget target() {
    return {
        .authority = dev().issuer,
        .guards = {{.url = dev().guard_url, .file = file(), .probe = Probe{"GET", "/manifest"}}},
        .ask_status = [this] { return ask_status(); },
        .ca_file = {}};
  }

  Result<json::Object> ask_status() {
    AJWT_ASSIGN(crypto::PrivateKey key, files::load_key_file(dev().admin_key));
    AJWT_ASSIGN(ClientId client, ClientId::parse(dev().admin_client_id));
    AJWT_ASSIGN(const auto connection,
                shim::AuthorityClient::create(
                    {.issuer = dev().issuer, .credential = {std::move(client), std::move(key)}},
                    hop, clock_));
    AJWT_ASSIGN(const json::Value answer,
                connection->call({.method = "GET", .path = "/admin/status"},
                                 {std::string(names::kScopeAdminAudit)}));
    return answer.as_object();
  }

  void run(const DoctorTarget& what, Seconds shift = Seconds(0)) {
    found_ = examine(gather(what, hop, ShiftedClock(shift)));
  }
  const Judgement& judgement(std::string_view check) const {
    const auto found = std::find_if(found_.begin(), found_.end(),
                                    [&](const Finding& f) { return f.check == check; });
    EXPECT_NE(found, found_.end()) << check;
    return found->judgement;
  }
  void expect(std::string_view check, Verdict verdict, const std::string& found = {}) const {
    const Judgement& said = judgement(check);
    EXPECT_EQ(name(said.verdict), name(verdict)) << check << ": " << said.found;
    EXPECT_THAT(said.found, HasSubstr(found)) << check;
    EXPECT_EQ(said.next.empty(), verdict == Verdict::kOk) << check;
  }

  static inline files::ScratchDirectory* scratch_ = nullptr;
  static inline DevSystem* system_ = nullptr;
  SystemClock clock_;
  Hop hop;
  std::vector<Finding> found_;
};

TEST_F(DoctorTest, FindsNothingWrongWhereNothingIs) {
  run(target());

  for (const Finding& finding : found_) {
    EXPECT_NE(finding.judgement.verdict, Verdict::kFail)
        << finding.check << ": " << finding.judgement.found;
  }
  for (const char* check :
       {"authority.metadata", "authority.active_key", "authority.refusal",
        "authority.authorization", "authority.proof", "authority.cache", "authority.path",
        "authority.store", "authority.files", "guard.ready", "guard.resource", "guard.issuer",
        "guard.keys", "guard.refusal", "guard.authorization", "guard.bearer", "guard.cache",
        "guard.path", "guard.file"}) {
    expect(check, Verdict::kOk);
  }
  expect("authority.settings", Verdict::kWarn, "hints");  // what `ajwt dev` relaxes
  expect("P4", Verdict::kOk, "good once");
  expect("P1", Verdict::kUnknown, "no setting weakens it");
  expect("P5", Verdict::kOk, "before the token leaves");
  expect("P6", Verdict::kWarn, "not kept yet");
  expect("P7", Verdict::kWarn, "300 s");
  expect("P9", Verdict::kUnknown);
  EXPECT_EQ(exit_code_of(found_), ExitCode::kOk);
}

TEST_F(DoctorTest, SaysUnknownWhereItCannotSee) {
  DoctorTarget what = target();
  what.ask_status = {};
  what.guards.front().probe.reset();
  run(what);

  for (const char* check :
       {"authority.active_key", "authority.proof", "authority.store", "authority.audit",
        "authority.files", "authority.settings", "guard.keys", "guard.refusal", "guard.bearer",
        "P1", "P4", "P5", "P7", "P10"}) {
    expect(check, Verdict::kUnknown);
  }
  EXPECT_EQ(exit_code_of(found_), ExitCode::kOk);
}

TEST_F(DoctorTest, AClientWithoutTheScopeIsToldSo) {
  DoctorTarget what = target();
  what.ask_status = []() -> Result<json::Object> { return refuse(Code::k_scope_exceeds_ceiling); };
  run(what);

  expect("authority.store", Verdict::kUnknown, "scope_exceeds_ceiling");
  EXPECT_THAT(judgement("authority.store").next, HasSubstr("admin:audit"));
  expect("P5", Verdict::kUnknown);
}

TEST_F(DoctorTest, AnAuthorityThatIsDownIsUnavailable) {
  DoctorTarget what = target();
  what.authority = "http://127.0.0.1:1";
  run(what);

  expect("authority.live", Verdict::kFail, "no answer");
  for (const char* check : {"authority.ready", "authority.metadata", "authority.keys",
                            "authority.refusal", "authority.path", "authority.clock", "P8"}) {
    expect(check, Verdict::kUnknown);
  }
  expect("guard.issuer", Verdict::kFail, "not of http://127.0.0.1:1");
  expect("guard.keys", Verdict::kUnknown);
  EXPECT_EQ(exit_code_of(found_), ExitCode::kUnavailable);
}

TEST_F(DoctorTest, AGuardThatIsDownIsUnavailable) {
  DoctorTarget what = target();
  what.guards.front().url = "http://127.0.0.1:1";
  run(what);

  expect("guard.ready", Verdict::kFail, "no answer");
  for (const char* check : {"guard.resource", "guard.keys", "guard.refusal", "guard.path", "P4"}) {
    expect(check, Verdict::kUnknown);
  }
  EXPECT_EQ(exit_code_of(found_), ExitCode::kUnavailable);
}

TEST_F(DoctorTest, HealthAtAManagementAddressIsNoFailure) {
  hop.on_request = [](HttpCall& call) {
    const std::size_t health = call.url.find("/health/");
    if (health != call.url.npos) call.url.replace(health, 8, "/nothing/");
  };
  run(target());

  expect("authority.live", Verdict::kOk, "management address");
  expect("authority.ready", Verdict::kUnknown, "management address");
  expect("guard.ready", Verdict::kUnknown, "management address");
  expect("guard.issuer", Verdict::kOk);
  EXPECT_EQ(exit_code_of(found_), ExitCode::kOk);
}

TEST_F(DoctorTest, AGuardWithoutKeysSaysWhy) {
  hop.on_answer = [](HttpResponse& answer) {
    if (answer.body.find("\"keys\":{\"status\"") == answer.body.npos) return;
    answer.status = 503;
    answer.body =
        R"({"status":"not_ready","reason":"keys_unavailable","components":{)"
        R"("keys":{"status":"down","reason":"keys_unavailable","cause":"network_failed"}}})";
  };
  run(target());
  expect("guard.ready", Verdict::kFail, "not ready: keys_unavailable, since network_failed");
}

TEST_F(DoctorTest, AnotherUrlThanThePublicOneIsNamed) {
  DoctorTarget what = target();
  const auto renamed = [](std::string url) {
    return url.replace(url.find("127.0.0.1"), 9, "localhost");
  };
  what.authority = renamed(what.authority);
  what.guards.front().url = renamed(what.guards.front().url);
  run(what);

  expect("authority.metadata", Verdict::kFail, "it calls itself " + dev().issuer);
  expect("guard.resource", Verdict::kFail, "it expects proofs for " + dev().guard_url);
  EXPECT_EQ(exit_code_of(found_), ExitCode::kError);
}

TEST_F(DoctorTest, AGuardOfAnotherAuthorityIsNamed) {
  // An authority with keys of its own.
  auto other = DevSystem::start({.data = scratch_->path() + "/other", .port_base = 0});
  ASSERT_THAT(other, IsOk());
  DoctorTarget what = target();
  what.guards.front().url = (*other)->info().guard_url;
  run(what);

  expect("guard.ready", Verdict::kOk);
  expect("guard.issuer", Verdict::kFail, (*other)->info().issuer);
  expect("guard.keys", Verdict::kFail, "key_unknown");
}

TEST_F(DoctorTest, AHopThatTakesTheNonceAwayIsNamed) {
  hop.on_answer = [](HttpResponse& answer) { answer.headers.remove(names::kDpopNonce); };
  run(target());

  expect("authority.refusal", Verdict::kFail, "without DPoP-Nonce");
  expect("authority.proof", Verdict::kFail, "no nonce comes back");
  expect("guard.refusal", Verdict::kFail, "without DPoP-Nonce");
  expect("P8", Verdict::kFail);
}

TEST_F(DoctorTest, AHopThatTakesTheChallengeAwayIsNamed) {
  hop.on_answer = [](HttpResponse& answer) { answer.headers.remove(names::kWwwAuthenticate); };
  run(target());
  expect("authority.refusal", Verdict::kFail, "WWW-Authenticate");
  expect("guard.refusal", Verdict::kFail, "WWW-Authenticate");
}

TEST_F(DoctorTest, AHopThatTakesCredentialsAwayIsNamed) {
  hop.on_request = [](HttpCall& call) { call.headers.remove(names::kAuthorization); };
  run(target());
  expect("authority.authorization", Verdict::kFail, "takes Authorization away");
  expect("guard.authorization", Verdict::kFail, "takes Authorization away");

  hop.on_request = [](HttpCall& call) { call.headers.remove(names::kDpopHeader); };
  run(target());
  expect("authority.authorization", Verdict::kOk);
  expect("authority.proof", Verdict::kFail, "takes DPoP away");
}

TEST_F(DoctorTest, AHopThatKeepsAnswersIsNamed) {
  hop.keeps_answers = true;
  DoctorTarget what = target();
  what.ask_status = {};
  run(what);
  expect("authority.cache", Verdict::kFail);
  expect("guard.cache", Verdict::kFail);
}

TEST_F(DoctorTest, AHopThatDecodesPathsIsNamed) {
  hop.on_request = [](HttpCall& call) {
    const std::size_t escape = call.url.find("%2F");
    if (escape != std::string::npos) call.url.replace(escape, 3, "/");
  };
  run(target());
  expect("authority.path", Verdict::kFail, "decoded on the way");
  expect("guard.path", Verdict::kFail, "decoded on the way");
}

TEST_F(DoctorTest, AServiceWithoutAGuardIsAFailedDefence) {
  const auto open = http::Server::start({}, [](const HttpRequest&) {
    return HttpResponse{.status = 200, .headers = {}, .body = "{}"};
  });
  ASSERT_THAT(open, IsOk());
  DoctorTarget what = target();
  what.guards.front().url = "http://127.0.0.1:" + std::to_string((*open)->port());
  run(what);

  expect("guard.refusal", Verdict::kFail, "answered with 200");
  expect("guard.bearer", Verdict::kFail, "let through");
  expect("guard.keys", Verdict::kFail, "forged");
  EXPECT_EQ(exit_code_of(found_), ExitCode::kDefenceFailed);
}

TEST_F(DoctorTest, ClocksThatDifferAreNamedByHowMuch) {
  DoctorTarget what = target();
  what.ask_status = {};
  run(what, Seconds(45));
  expect("authority.clock", Verdict::kFail, "ahead");
  expect("guard.clock", Verdict::kFail, "ahead");
  run(what, Seconds(20));
  expect("authority.clock", Verdict::kWarn, "ahead");
  run(what, Seconds(-45));
  expect("authority.clock", Verdict::kWarn, "behind");
  run(what, Seconds(-75));
  expect("authority.clock", Verdict::kFail, "behind");
  run(what, Seconds(5));
  expect("authority.clock", Verdict::kOk);
}

TEST_F(DoctorTest, AGuardsFileIsComparedWithWhatRuns) {
  DoctorTarget what = target();
  run(what);
  expect("guard.file", Verdict::kOk);

  what.guards.front().file.reset();
  run(what);
  expect("guard.file", Verdict::kUnknown);
  expect("P4", Verdict::kUnknown, "only the file that a guard runs with");

  what.guards.front().file = file();

  what.guards.front().file->issuer = "http://127.0.0.1:1";
  run(what);
  expect("guard.file", Verdict::kFail, "issuer");
}

TEST_F(DoctorTest, AnAuthorityWithTheDraftsClientsKeepsThreePromisesForTheOthers) {
  DoctorTarget what = target();
  const auto counted = [&](std::int64_t clients, std::int64_t agents) {
    what.ask_status = [this, clients, agents]() -> Result<json::Object> {
      AJWT_ASSIGN(json::Object status, ask_status());
      EXPECT_TRUE(status.contains("draft_00"));
      status.set("draft_00", json::Object{{"clients", clients}, {"agents", agents}});
      return status;
    };
    run(what);
  };

  counted(2, 1);
  const std::string who = "profile draft-00 (2 clients, 1 agent at the authority): ";
  expect("P1", Verdict::kWarn, who + "an agent proves no key");
  expect("P3", Verdict::kWarn, who + "completed steps and chain are the client's word");
  expect("P4", Verdict::kWarn, who + "a token is good for whoever holds it");
  EXPECT_EQ(exit_code_of(found_), ExitCode::kOk);

  counted(1, 0);
  expect("P4", Verdict::kWarn, "profile draft-00 (1 client at the authority)");
  what.guards.clear();
  run(what);
  expect("P4", Verdict::kUnknown, "no guard was looked at; profile draft-00 (1 client");
}

json::Object route_of(std::string_view method, std::string_view path, json::Object more) {
  json::Object route{
      {"method", method}, {"path", path}, {"app", "shop"}, {"scope", "manifest:read"}};
  for (const json::Member& member : more.members()) route.append(member);
  return route;
}

TEST_F(DoctorTest, ARouteThatNamesTheDraftsProfileIsNamed) {
  DoctorTarget what = target();
  what.guards.front().file =
      file({route_of("POST", "/old/{id}", json::Object{{"profile", "draft-00"}})});
  run(what);

  const std::string where = "profile draft-00 (POST /old/{id} of " + dev().guard_url + "): ";
  expect("P1", Verdict::kWarn, where);
  expect("P3", Verdict::kWarn, where);
  expect("P4", Verdict::kWarn, where);

  what.ask_status = {};
  run(what);
  expect("P1", Verdict::kUnknown, where);
}

TEST_F(DoctorTest, ARouteThatBindsLessThanOurProofIsNamed) {
  const auto binding = [](std::string_view proof) {
    return json::Object{{"workflow", "w"}, {"step", "s"}, {"tool", "t"}, {"proof", proof}};
  };
  DoctorTarget what = target();
  what.guards.front().file =
      file({route_of("PUT", "/a", binding("head")), route_of("POST", "/b", binding("rfc9449")),
            route_of("POST", "/c", binding("bound"))});
  run(what);

  const std::string url = dev().guard_url;
  expect("P4", Verdict::kWarn,
         "proof \"head\" (PUT /a of " + url +
             "): the body is not bound, and may be changed on the way");
  expect("P4", Verdict::kWarn,
         "proof \"rfc9449\" (POST /b of " + url + "): query and body need not be bound");
  EXPECT_EQ(judgement("P4").found.find("/c"), std::string::npos);
  EXPECT_EQ(judgement("P1").found.find("/a"), std::string::npos);
}

TEST_F(DoctorTest, AProbeOfTheDraftsProfileTellsNothing) {
  hop.on_answer = [](HttpResponse& answer) {
    if (answer.headers.find(names::kWwwAuthenticate)) {
      answer.headers.set(names::kWwwAuthenticate, "Bearer error=\"invalid_token\"");
    }
  };
  run(target());
  expect("guard.refusal", Verdict::kUnknown, "profile draft-00");
  expect("P4", Verdict::kUnknown);
}

// A service that nobody guards challenges for Bearer, too.
TEST_F(DoctorTest, ABearerChallengeOfAnotherServiceIsNoProfile) {
  hop.on_answer = [](HttpResponse& answer) {
    if (answer.status != 401) return;
    answer.headers.set(names::kWwwAuthenticate, "Bearer realm=\"api\"");
    answer.body = "unauthorized";
  };
  run(target());
  expect("guard.refusal", Verdict::kFail, "is not an answer of ajwt");
}

}  // namespace
}  // namespace ajwt::app
