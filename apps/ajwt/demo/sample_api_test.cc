// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/sample_api.h"

#include <stdlib.h>

#include "apps/ajwt/demo/samples.h"
#include "json/parse.h"
#include "tests/support/matchers.h"

namespace ajwt::demo {
namespace {

class SampleApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "ajwt-api-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto api = SampleApi::create(folder_, {.control = "the-control", .guard = "the-guard"});
    ASSERT_THAT(api, IsOk());
    api_ = *std::move(api);
    ASSERT_THAT(
        api_->load("package.json", std::string(sample_package_json()), sample_advisories_json()),
        IsOk());
  }
  ~SampleApiTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // ask returns the answer's reason, or "" if there is none.
  std::string ask(std::string method, std::string path, HttpHeaders headers,
                  std::string body = "{}") {
    const HttpResponse response = api_->handle({.method = std::move(method),
                                                .path = std::move(path),
                                                .query = "",
                                                .headers = std::move(headers),
                                                .body = std::move(body),
                                                .peer = "127.0.0.1"});
    const auto answer = json::parse_object(response.body);
    const json::Value* error = answer ? answer->find("reason") : nullptr;
    EXPECT_EQ(error == nullptr, response.status == 200) << response.body;
    return error == nullptr ? "" : error->as_string();
  }

  std::filesystem::path folder_;
  std::unique_ptr<SampleApi> api_;
};

HttpHeaders fields(std::initializer_list<std::pair<std::string, std::string>> list) {
  HttpHeaders headers;
  for (const auto& [name, value] : list) headers.add(name, value);
  return headers;
}

TEST_F(SampleApiTest, AnswersNobodyButTheGuard) {
  const std::string packages = R"({"packages":[]})";
  EXPECT_EQ(ask("GET", "/manifest", fields({{"X-Guard-Secret", "the-guard"}})), "");
  EXPECT_EQ(ask("POST", "/advisories/query", fields({{"X-Guard-Secret", "the-guard"}}), packages),
            "");
  const HttpHeaders strangers[] = {
      {},
      fields({{"X-Agent-Subject", "agent:patch-fleet:patcher"}}),
      fields({{"X-Guard-Secret", ""}}),
      fields({{"X-Guard-Secret", "the-guard2"}}),
      fields({{"X-Guard-Secret", "the-control"}}),
      fields({{"X-Guard-Secret", "the-guard"}, {"X-Guard-Secret", "the-guard"}}),
      fields({{"X-Demo-Control", "the-control"}})};
  for (const HttpHeaders& stranger : strangers) {
    EXPECT_EQ(ask("GET", "/manifest", stranger), "client_unauthorized");
    EXPECT_EQ(ask("POST", "/advisories/query", stranger, packages), "client_unauthorized");
    EXPECT_EQ(ask("POST", "/proposals/prop-1/apply", stranger), "client_unauthorized");
  }
}

TEST_F(SampleApiTest, TakesAManifestFromWhoKnowsTheControlSecretAlone) {
  const std::string upload =
      R"({"file":"package.json","manifest":"{\"dependencies\":{}}","advisories":"[]"})";
  EXPECT_EQ(ask("POST", "/manifest", fields({{"X-Guard-Secret", "the-guard"}}), upload),
            "not_found");
  EXPECT_EQ(ask("POST", "/manifest", fields({{"X-Demo-Control", "the-control"}}), upload), "");
}

}  // namespace
}  // namespace ajwt::demo
