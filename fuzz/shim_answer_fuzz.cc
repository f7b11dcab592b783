// SPDX-License-Identifier: Apache-2.0
//
// What the shim reads of the authority's answers: a token only from an answer that grants exactly
// what was asked for, and never a hidden text or a long run in an error.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "shim/answer.h"

namespace ajwt {
namespace {

constexpr std::string_view kHidden = "s3cr3t";
constexpr Instant kSentAt = from_unix(1'800'000'000);

void check_error(const Error& error) {
  AJWT_CHECK(error.message().find(kHidden) == std::string::npos);
  for (const auto& item : error.items()) AJWT_CHECK(item.find(kHidden) == std::string::npos);
}

void check_token(const shim::HeldToken& held) {
  AJWT_CHECK(!held.token.reveal().empty());
  AJWT_CHECK(held.token.reveal().find_first_of(" \r\n\t") == std::string_view::npos);
  AJWT_CHECK(held.renew_at <= held.expires_at && held.expires_at > kSentAt);
  AJWT_CHECK(held.expires_at <= kSentAt + Seconds(86400));
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string_view body = fuzz::text_of(data + 1, size - 1);
  std::vector<Secret> hidden;
  hidden.emplace_back(std::string(kHidden));
  HttpResponse response{.status = 200, .headers = {}, .body = std::string(body)};
  if (const auto answer = shim::read_answer(response, hidden)) {
    const auto token = shim::read_token(*answer, {"manifest:read"}, kSentAt);
    if (token) check_token(*token);
  } else {
    check_error(answer.error());
  }
  response.status = 300 + data[0] * 2;
  check_error(shim::read_refusal(response, hidden));
  const auto refused = shim::read_answer(response, hidden);
  AJWT_CHECK(!refused);
  check_error(refused.error());
  AJWT_CHECK(shim::safe_text(body, hidden).find(kHidden) == std::string::npos);
  return 0;
}
