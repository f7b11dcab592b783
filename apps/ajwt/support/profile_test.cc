// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/profile.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/secret.h"
#include "files/private_file.h"
#include "files/scratch_directory.h"
#include "tests/support/matchers.h"

namespace ajwt::app {
namespace {

Environment environment_with(std::map<std::string, std::string> variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

class ProfileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto scratch = files::ScratchDirectory::create();
    ASSERT_THAT(scratch, IsOk());
    scratch_ = *std::move(scratch);
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(scratch_->path());
  }
  void TearDown() override { std::filesystem::current_path(before_); }

  void write(const std::string& name, const std::string& text) {
    ASSERT_THAT(files::write_private_file(scratch_->path() + "/" + name, Secret(text)), IsOk());
  }
  void write_dev() {
    std::filesystem::create_directory(scratch_->path() + "/.ajwt-dev");
    write(".ajwt-dev/dev.json",
          R"({"issuer":"http://127.0.0.1:1","app_id":"fleet","client_id":"fleet-client",
              "client_key":"/k/client","registrar_client_id":"fleet-ci",
              "registrar_key":"/k/registrar","admin":{"client_id":"ajwt-admin","key_file":"/k/admin"}})");
  }

  std::unique_ptr<files::ScratchDirectory> scratch_;
  std::filesystem::path before_;
  const Environment nothing_ = environment_with({});
};

TEST_F(ProfileTest, TakesFlagsOverTheEnvironmentAndLetsThemCompleteEachOther) {
  const auto environment =
      environment_with({{"AJWT_AUTHORITY", "http://127.0.0.1:2"}, {"AJWT_KEY", "env.pem"}});
  ProfileOptions options;
  options.client_id = "me";
  options.key = "flag.pem";
  const auto profile = resolve_profile(options, environment, Role::kAdministrator);
  ASSERT_THAT(profile, IsOk());
  EXPECT_EQ(profile->issuer, "http://127.0.0.1:2");
  EXPECT_EQ(profile->client_id, "me");
  EXPECT_EQ(profile->key_file, "flag.pem");
}

TEST_F(ProfileTest, RefusesHalfAProfileRatherThanMixingItWithAnothers) {
  write_dev();
  ProfileOptions options;
  options.authority = "http://127.0.0.1:9";
  EXPECT_THAT(resolve_profile(options, nothing_, Role::kAdministrator),
              RefusedWith(Code::k_parameter_missing));
}

TEST_F(ProfileTest, ReadsAFileWithTheKeyBesideIt) {
  write("admin.json",
        R"({"issuer":"https://as.example.com","client_id":"ajwt-admin","key_file":"admin.pem"})");
  ProfileOptions options;
  options.profile = scratch_->path() + "/admin.json";
  const auto profile = resolve_profile(options, nothing_, Role::kAdministrator);
  ASSERT_THAT(profile, IsOk());
  EXPECT_EQ(profile->key_file, scratch_->path() + "/admin.pem");
}

TEST_F(ProfileTest, TakesAProfileThatWasNamedOverTheEnvironment) {
  write("admin.json",
        R"({"issuer":"https://as.example.com","client_id":"ajwt-admin","key_file":"admin.pem"})");
  const auto environment = environment_with({{"AJWT_AUTHORITY", "http://127.0.0.1:2"},
                                             {"AJWT_CLIENT_ID", "other"},
                                             {"AJWT_KEY", "env.pem"}});
  ProfileOptions options;
  options.profile = scratch_->path() + "/admin.json";
  const auto profile = resolve_profile(options, environment, Role::kAdministrator);
  ASSERT_THAT(profile, IsOk());
  EXPECT_EQ(profile->issuer, "https://as.example.com");
  EXPECT_EQ(profile->client_id, "ajwt-admin");
}

TEST_F(ProfileTest, FindsWhoToBeInWhatDevWrote) {
  write_dev();
  const auto administrator = resolve_profile({}, nothing_, Role::kAdministrator);
  ASSERT_THAT(administrator, IsOk());
  EXPECT_EQ(administrator->client_id, "ajwt-admin");
  EXPECT_EQ(administrator->key_file, "/k/admin");
  const auto application = resolve_profile({}, nothing_, Role::kApplication);
  ASSERT_THAT(application, IsOk());
  EXPECT_EQ(application->client_id, "fleet-client");
  EXPECT_EQ(application->key_file, "/k/client");
  EXPECT_EQ(application->app_id, "fleet");
  const auto registrar = resolve_profile({}, nothing_, Role::kRegistrar);
  ASSERT_THAT(registrar, IsOk());
  EXPECT_EQ(registrar->client_id, "fleet-ci");
  EXPECT_EQ(registrar->key_file, "/k/registrar");
}

TEST_F(ProfileTest, SaysWhatToDoWhereThereIsNone) {
  const auto profile = resolve_profile({}, nothing_, Role::kAdministrator);
  ASSERT_THAT(profile, RefusedWith(Code::k_parameter_missing));
  EXPECT_NE(profile.error().message().find("ajwt dev"), std::string::npos);
}

TEST_F(ProfileTest, DoesNotReadAFileThatOthersCanRead) {
  write("admin.json", R"({"issuer":"http://127.0.0.1:1","client_id":"a","key_file":"k"})");
  const std::string path = scratch_->path() + "/admin.json";
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  ProfileOptions options;
  options.profile = path;
  EXPECT_THAT(resolve_profile(options, nothing_, Role::kAdministrator),
              RefusedWith(Code::k_key_file_unsafe));
}

TEST(PlainHttp, IsForLoopbackAlone) {
  EXPECT_THAT(check_plain_http("http://127.0.0.1:8710"), IsOk());
  EXPECT_THAT(check_plain_http("https://as.example.com"), IsOk());
  EXPECT_THAT(check_plain_http("http://as.example.com"),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(check_plain_http("http://127.0.0.1.example.com"),
              RefusedWith(Code::k_configuration_refused));
}

TEST(PathSegment, EncodesWhatWouldLeaveItsPlace) {
  EXPECT_EQ(path_segment("a:b/../c?d=1"), "a%3ab%2f..%2fc%3fd%3d1");
}

}  // namespace
}  // namespace ajwt::app
