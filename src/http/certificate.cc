// SPDX-License-Identifier: Apache-2.0
#include "http/certificate.h"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "http/http_date.h"

namespace ajwt::http {
namespace {

constexpr long kPatienceMilliseconds = 4000;

struct CloseEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

Error no_certificate(std::string detail) {
  return refuse(Code::k_network_failed).with_detail(std::move(detail));
}

// take_field returns what follows "name:" in a line of libcurl's list.
std::optional<std::string> take_field(const curl_slist* lines, std::string_view name) {
  for (; lines != nullptr; lines = lines->next) {
    const std::string_view line = lines->data;
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

Result<Certificate> read_certificate(CURL* handle) {
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(handle, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr ||
      chain->num_of_certs < 1) {
    return no_certificate("no certificate was shown");
  }
  const curl_slist* own = chain->certinfo[0];
  const auto expires = take_field(own, "Expire date");
  const auto end = expires ? parse_http_date(*expires) : std::nullopt;
  if (!end) return no_certificate("the certificate has no end that can be read");
  return Certificate{.subject = take_field(own, "Subject").value_or(""),
                     .issuer = take_field(own, "Issuer").value_or(""),
                     .not_after = *end};
}

}  // namespace

Result<Certificate> inspect_certificate(const std::string& url, const std::string& ca_file) {
  const std::unique_ptr<CURL, CloseEasy> handle(curl_easy_init());
  if (handle == nullptr) return no_certificate("libcurl gave no handle");
  std::array<char, CURL_ERROR_SIZE> message{};
  CURL* const easy = handle.get();
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, kPatienceMilliseconds);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message.data());
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  if (!ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
  const CURLcode code = curl_easy_perform(easy);
  if (code != CURLE_OK) {
    return no_certificate(message[0] != '\0' ? message.data() : curl_easy_strerror(code));
  }
  return read_certificate(easy);
}

}  // namespace ajwt::http
