// SPDX-License-Identifier: Apache-2.0
//
// Each operation once accepted and once refused, and what is no request at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/driver_test/run_driver.h"
#include "tests/support/rfc_keys.h"

namespace ajwt::testing {
namespace {

std::string answer_to(const std::string& request) {
  const auto lines = run_driver(request + "\n");
  EXPECT_EQ(lines.size(), 1u) << request;
  return lines.empty() ? "" : lines[0];
}

std::string failure(std::string_view reason) {
  return R"({"ok":false,"err":")" + std::string(reason) + "\"}";
}

std::string text(std::string_view view) { return std::string(view); }

TEST(Driver, VerifiesTokens) {
  const std::string token = R"({"op":"jws.verify","jws":")" + text(kRfc8037Jws) + '"';
  const std::string jwk = R"(,"jwk":)" + text(kRfc8037Ed25519Jwk);
  const std::string accepted = R"({"ok":true,"payload":"RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"})";
  EXPECT_EQ(answer_to(token + jwk + "}"), accepted);
  EXPECT_EQ(answer_to(token + jwk + R"(,"algs":["HS256","Ed25519"]})"), accepted);
  EXPECT_EQ(answer_to(token + jwk + R"(,"algs":["ES256"]})"), failure("jws_algorithm_refused"));
  EXPECT_EQ(answer_to(token + jwk + R"(,"algs":[]})"), failure("jws_algorithm_refused"));
  EXPECT_EQ(answer_to(token + R"(,"jwk":{"kty":"OKP"}})"), failure("jwk_malformed"));
  EXPECT_EQ(answer_to(token + R"(,"jwk":{"kty":"oct","k":"AA"}})"),
            failure("jwk_has_private_part"));
  EXPECT_EQ(answer_to(token + "}"), failure("parameter_missing"));
}

TEST(Driver, AsksForAKidWithASetOfKeys) {
  const std::string key = text(kRfc8037Ed25519Jwk);
  const std::string jwks =
      R"(,"jwks":{"keys":[{"kid":"k",)" + key.substr(key.find('{') + 1) + "]}}";
  EXPECT_EQ(answer_to(R"({"op":"jws.verify","jws":")" + text(kRfc8037Jws) + '"' + jwks),
            failure("key_unknown"));
}

TEST(Driver, VerifiesSignatures) {
  // RFC 8032 7.1, test 2.
  const std::string request =
      R"({"op":"sig.verify","alg":"EdDSA","msg":"72","sig":"92a009a9f0d4cab8720e820b5f642540a2b27b)"
      R"(5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c)";
  const std::string jwk =
      R"(,"jwk":{"kty":"OKP","crv":"Ed25519","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}})";
  const std::string der =
      R"(,"der":"302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f1)"
      R"(2af4660c"})";
  EXPECT_EQ(answer_to(request + "00\"" + jwk), R"({"ok":true})");
  EXPECT_EQ(answer_to(request + "00\"" + der), R"({"ok":true})");
  EXPECT_EQ(answer_to(request + "01\"" + jwk), failure("jws_signature_invalid"));
  EXPECT_EQ(answer_to(request + "\"" + jwk), failure("jws_signature_invalid"));
  EXPECT_EQ(answer_to(request + "0\"" + jwk), failure("value_malformed"));
  EXPECT_EQ(answer_to(request + "00\"}"), failure("json_missing_member"));
  EXPECT_EQ(answer_to(R"({"op":"sig.verify","alg":"HS256"})"), failure("jws_algorithm_refused"));
}

TEST(Driver, ComputesThumbprints) {
  // RFC 7638 3.1.
  EXPECT_EQ(answer_to(R"({"op":"jwk.thumbprint","jwk":)" + text(kRfc7638RsaJwk) + "}"),
            R"({"ok":true,"thumbprint":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",)"
            R"("out":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"})");
  EXPECT_EQ(answer_to(R"({"op":"jwk.thumbprint","jwk":{"kty":"XY"}})"), failure("jwk_unsupported"));
}

TEST(Driver, WritesCanonicalJson) {
  // {"b":1,"a":2.50} and {"a":2.5,"b":1}
  EXPECT_EQ(answer_to(R"({"op":"jcs","in":"eyJiIjoxLCJhIjoyLjUwfQ=="})"),
            R"({"ok":true,"out":"eyJhIjoyLjUsImIiOjF9"})");
  EXPECT_EQ(answer_to(R"({"op":"jcs","in":"eyJi"})"), failure("json_malformed"));
  EXPECT_EQ(answer_to(R"({"op":"jcs","in":"?"})"), failure("base64_malformed"));
}

TEST(Driver, WritesNumbers) {
  EXPECT_EQ(answer_to(R"({"op":"es6num","hex":"4340000000000001"})"),
            R"({"ok":true,"out":"9007199254740994"})");
  EXPECT_EQ(answer_to(R"({"op":"es6num","hex":"8000000000000000"})"), R"({"ok":true,"out":"0"})");
  EXPECT_EQ(answer_to(R"({"op":"es6num","hex":"1"})"), R"({"ok":true,"out":"5e-324"})");
  for (const char* hex : {"7ff0000000000000", "fff0000000000000", "7fffffffffffffff"}) {
    EXPECT_EQ(answer_to(std::string(R"({"op":"es6num","hex":")") + hex + "\"}"),
              failure("json_number_range"));
  }
  EXPECT_EQ(answer_to(R"({"op":"es6num","hex":"x"})"), failure("value_malformed"));
  EXPECT_EQ(answer_to(R"({"op":"es6num","hex":"00000000000000001"})"), failure("value_malformed"));
}

TEST(Driver, ParsesJson) {
  EXPECT_EQ(answer_to(R"({"op":"json.parse","in":"WzEsIDJd"})"), R"({"ok":true,"out":"WzEsMl0="})");
  // 9007199254740993 is an integer that no double holds: accepted, but without canonical form.
  EXPECT_EQ(answer_to(R"({"op":"json.parse","in":"OTAwNzE5OTI1NDc0MDk5Mw=="})"), R"({"ok":true})");
  // {"a":1,"a":1}
  EXPECT_EQ(answer_to(R"({"op":"json.parse","in":"eyJhIjoxLCJhIjoxfQ=="})"),
            failure("json_duplicate_name"));
}

TEST(Driver, ComputesChecksums) {
  const std::string components =
      R"(,"agent_components":{"agent_id":"a","prompt_template":" p ","tools":[]}})";
  // SHA-256 of {"agent_id":"a","configuration":{},"prompt_template":"p","tools":[]}
  EXPECT_EQ(
      answer_to(R"({"op":"checksum","profile":"sha256")" + components),
      R"({"ok":true,"checksum":"sha256:)"
      R"(8d772002f5e6bfd395ac0a2f731056ef893efa66b55c4d18483f7920723e874f","normalized_prompt":"p"})");
  // SHA-256 of {"config": {}, "id": "a", "prompt": "p", "tools": []}
  EXPECT_EQ(
      answer_to(R"({"op":"checksum","profile":"reference")" + components),
      R"({"ok":true,"checksum":")"
      R"(0322a08f13225ad2cffdae796255a5104c57dd87c79a1d7c16d954b8afa297f3","normalized_prompt":"p"})");
  for (const char* profile : {"strict", "strict-sha256"}) {
    EXPECT_EQ(
        answer_to(R"({"op":"checksum","profile":")" + std::string(profile) + '"' + components),
        R"({"ok":true,"checksum":"strict-sha256:)"
        R"(13f4a9d7b06097bbaa41aaf60992c6f5be5341608a95dfb381b169cf78443d38","normalized_prompt":"p"})");
  }
  EXPECT_EQ(answer_to(R"({"op":"checksum","profile":"md5")" + components),
            failure("parameter_malformed"));
  EXPECT_EQ(answer_to(R"({"op":"checksum","profile":"sha256","agent_components":{}})"),
            failure("components_malformed"));
}

TEST(Driver, VerifiesProofs) {
  // RFC 9449 7.1.
  const std::string proof =
      "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
      "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
      "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR"
      "1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCw"
      "iYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-E"
      "y71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
  const std::string request =
      R"({"op":"dpop.verify","proof":")" + proof +
      R"(","method":"GET","uri":"https://resource.example.org/protectedresource?page=2")";
  const std::string accepted = R"({"ok":true,"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})";
  const std::string then = R"(,"now":1562262618)";
  EXPECT_EQ(answer_to(request + then + "}"), accepted);
  EXPECT_EQ(answer_to(request + then +
                      R"(,"access_token":"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",)"
                      R"("jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})"),
            accepted);
  EXPECT_EQ(answer_to(request + "}"), failure("proof_time_refused"));
  EXPECT_EQ(answer_to(request + then + R"(,"access_token":"x"})"), failure("proof_token_mismatch"));
  EXPECT_EQ(answer_to(request + then + R"(,"jkt":"x"})"), failure("proof_key_mismatch"));
  EXPECT_EQ(answer_to(request + then + R"(,"nonce":"n"})"), failure("proof_nonce_missing"));
  EXPECT_EQ(answer_to(request + R"(,"now":9223372036854775807})"), failure("parameter_malformed"));
}

TEST(Driver, AnswersWhatIsNoRequestAndGoesOn) {
  const struct {
    std::string line;
    std::string answer;
  } cases[] = {
      {R"({"op":"nothing.known"})", failure("not_supported")},
      {R"({"op":1})", failure("json_wrong_type")},
      {R"({})", failure("json_missing_member")},
      {R"([])", failure("json_wrong_type")},
      {"", failure("json_malformed")},
      {"hello", failure("json_malformed")},
      {std::string("\xff\x00\x01", 3), failure("json_bad_utf8")},
      {R"({"op":"jcs","op":"jcs"})", failure("json_duplicate_name")},
      {R"({"op":"jcs"})", failure("json_missing_member")},
      {std::string(100'000, '['), failure("json_too_deep")},
      {std::string(9 * 1024 * 1024, ' '), failure("json_too_large")},
      {R"({"op":"es6num","hex":"3ff0000000000000"})", R"({"ok":true,"out":"1"})"},
  };
  std::string input;
  for (const auto& test : cases) input += test.line + "\n";
  const auto answers = run_driver(input);
  ASSERT_EQ(answers.size(), std::size(cases));
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i], cases[i].answer) << i;
}

TEST(Driver, TakesALastLineWithoutLineFeedAndALineOfEightMebibytes) {
  EXPECT_THAT(run_driver(R"({"op":"es6num","hex":"0"})"),
              ::testing::ElementsAre(R"({"ok":true,"out":"0"})"));
  std::string longest = R"({"op":"es6num","hex":"0"})";
  longest += std::string(8 * 1024 * 1024 - longest.size(), ' ');
  EXPECT_THAT(run_driver(longest + "\n"), ::testing::ElementsAre(R"({"ok":true,"out":"0"})"));
  EXPECT_THAT(run_driver(longest + " \n"), ::testing::ElementsAre(failure("json_too_large")));
  EXPECT_THAT(run_driver(""), ::testing::IsEmpty());
}

}  // namespace
}  // namespace ajwt::testing
