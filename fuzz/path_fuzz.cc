// SPDX-License-Identifier: Apache-2.0
//
// Paths: one that is let through is read alike by everyone. libcurl, which normalises, leaves it as
// it is; taken apart and put together again, and decoded, it has the same segments.

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "fuzz/support/choices.h"
#include "http/gate.h"

namespace ajwt {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// path_by_curl returns what libcurl makes of the path, or nothing if it does not take it.
std::string path_by_curl(std::string_view path) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  const std::string text = "http://api.example" + std::string(path);
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
  char* part = nullptr;
  if (curl_url_get(url.get(), CURLUPART_PATH, &part, 0) != CURLUE_OK) return {};
  std::string result(part);
  curl_free(part);
  return result;
}

// decoded replaces escapes, whatever they spell.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = parse_hex(text.substr(i + 1, 2));
    AJWT_CHECK(byte && byte->size() == 1);
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

std::size_t slashes(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += c == '/' ? 1 : 0;
  return n;
}

void check(std::string_view path) {
  AJWT_CHECK(path.starts_with('/'));
  const std::string plain = decoded(path);
  // What an upstream decodes has no more segments than what was judged, and none that moves.
  AJWT_CHECK(slashes(plain) == slashes(path));
  for (const std::string_view text : {path, std::string_view(plain)}) {
    AJWT_CHECK(text.find("//") == std::string_view::npos);
    AJWT_CHECK((std::string(text) + "/").find("/./") == std::string::npos);
    AJWT_CHECK((std::string(text) + "/").find("/../") == std::string::npos);
    AJWT_CHECK(text.find('\\') == std::string_view::npos);
  }
  // Decoding once more finds nothing: a percent sign is one.
  for (std::size_t i = plain.find('%'); i != std::string::npos; i = plain.find('%', i + 1)) {
    const auto byte = parse_hex(plain.substr(i + 1, 2));
    AJWT_CHECK(!byte || byte->empty());
  }
  // A request's target cannot have these; the gate refuses them before.
  if (path.find_first_of("?#\r\n\t \0") != std::string_view::npos) return;
  for (const char c : path) {
    if (c <= ' ' || c >= '\x7f') return;
  }
  AJWT_CHECK(path_by_curl(path) == path);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view path = ajwt::fuzz::text_of(data, size);
  if (ajwt::http::check_path(path)) ajwt::check(path);
  return 0;
}
