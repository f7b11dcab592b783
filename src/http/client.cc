// SPDX-License-Identifier: Apache-2.0

#include "http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "http/gate.h"

namespace ajwt::http {
namespace {

constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr std::size_t kMaxIdleHandles = 16;

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using List = std::unique_ptr<curl_slist, FreeList>;

// initialise prepares libcurl once; it is never undone, for handles may live until the exit.
void initialise() {
  static const CURLcode outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)outcome;
}

std::string part(CURLU* url, CURLUPart which, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, FreeText> owned(text);
  return text;
}

// check_url returns how the URL may be named in a log: without query and fragment.
Result<std::string> check_url(const std::string& text) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (!url || text.find('\0') != std::string::npos ||
      curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return refuse(Code::k_value_malformed, "the URL is malformed");
  const std::string scheme = part(url.get(), CURLUPART_SCHEME, 0);
  if (scheme != "http" && scheme != "https")
    return refuse(Code::k_value_malformed, "the URL is neither http nor https");
  if (!part(url.get(), CURLUPART_USER, 0).empty() ||
      !part(url.get(), CURLUPART_PASSWORD, 0).empty())
    return refuse(Code::k_value_malformed, "the URL has a user name");
  return scheme + "://" + part(url.get(), CURLUPART_HOST, 0) + ":" +
         part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT) + part(url.get(), CURLUPART_PATH, 0);
}

// Answer gathers what comes in; its functions are called by libcurl and may not throw.
struct Gathering {
  std::size_t max_body;
  std::size_t header_bytes = 0;
  HttpHeaders headers;
  std::string body;
  bool too_large = false;
};

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) noexcept {
  auto& gathering = *static_cast<Gathering*>(user);
  gathering.header_bytes += size;
  if (gathering.header_bytes > kMaxHeaderBytes) {
    gathering.too_large = true;
    return 0;
  }
  std::string_view line(data, size);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  // A status line begins the header section of another response: what came before was a 1xx.
  if (line.starts_with("HTTP/")) {
    gathering.headers = HttpHeaders();
    return size;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return size;
  auto value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  gathering.headers.add(line.substr(0, colon), std::string(value));
  return size;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) noexcept {
  auto& gathering = *static_cast<Gathering*>(user);
  if (size > gathering.max_body - gathering.body.size()) {
    gathering.too_large = true;
    return 0;
  }
  gathering.body.append(data, size);
  return size;
}

// Sending counts how often a request was about to be written to a connection.
struct Sending {
  bool repeatable;
  int begun = 0;
  bool was_stopped() const { return begun > 1 && !repeatable; }
};

// libcurl sends a request again by itself when a connection that it kept breaks before a byte of
// the answer. Whoever was at the other end may have carried the first one out, so only what changes
// nothing is sent twice; what else may be is for the caller to know.
int allow_sending(void* user, char*, char*, int, int) noexcept {
  auto& sending = *static_cast<Sending*>(user);
  ++sending.begun;
  return sending.was_stopped() ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

void append(List& list, const std::string& line) {
  if (curl_slist* longer = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

Result<List> write_fields(const HttpHeaders& headers) {
  List list;
  for (const auto& [name, value] : headers.fields()) {
    if (!is_token(name) || !is_field_value(value))
      return refuse(Code::k_value_malformed, "a header field cannot be sent");
    // libcurl takes "Name:" for a wish to leave the field out, and "Name;" for an empty value.
    std::string line = name;
    if (value.empty()) {
      line += ';';
    } else {
      line.append(": ").append(value);
    }
    append(list, line);
  }
  // Not asked for: waiting for 100-continue, and a media type that libcurl guesses.
  append(list, "Expect:");
  if (!headers.find("content-type")) append(list, "Content-Type:");
  return list;
}

void set_fixed_options(CURL* handle) {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  // What was judged or signed is the URL as given; libcurl would resolve "/../" in it.
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
}

void set_method(CURL* handle, const HttpCall& call) {
  if (call.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool may_have_body = call.method != "GET" || !call.body.empty();
  if (may_have_body) {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, call.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(call.body.size()));
  }
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call.method.c_str());
}

}  // namespace

// Pool keeps handles, and so their connections, between calls.
class CurlClient::Pool {
 public:
  Easy take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        Easy handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
      }
    }
    return Easy(curl_easy_init());
  }

  void give_back(Easy handle) {
    curl_easy_reset(handle.get());  // keeps connections, sessions and cached addresses
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMaxIdleHandles) idle_.push_back(std::move(handle));
  }

 private:
  std::mutex mutex_;
  std::vector<Easy> idle_;
};

CurlClient::CurlClient(CurlClientOptions options) : options_(std::move(options)) {
  initialise();
  pool_ = std::make_unique<Pool>();
}

CurlClient::~CurlClient() = default;

Result<HttpResponse> CurlClient::send(const HttpCall& call) {
  AJWT_ASSIGN(const std::string place, check_url(call.url));
  if (!is_token(call.method)) return refuse(Code::k_value_malformed, "the method is malformed");
  AJWT_ASSIGN(const List fields, write_fields(call.headers));
  Easy easy = pool_->take();
  if (!easy) return refuse(Code::k_network_failed).with_detail("libcurl has no handle");
  CURL* handle = easy.get();

  Gathering gathering{.max_body = options_.max_response_bytes, .headers = {}, .body = {}};
  Sending sending{.repeatable = call.method == "GET" || call.method == "HEAD"};
  std::array<char, CURL_ERROR_SIZE> message{};
  set_fixed_options(handle);
  if (!options_.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, options_.ca_file.c_str());
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::chrono::milliseconds(call.timeout).count()));
  curl_easy_setopt(handle, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fields.get());
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &gathering);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &gathering);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, message.data());
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, allow_sending);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, &sending);
  set_method(handle, call);

  const CURLcode outcome = curl_easy_perform(handle);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  pool_->give_back(std::move(easy));
  if (gathering.too_large)
    return refuse(Code::k_limit_exceeded).with_detail(place + ": the response is too large");
  if (sending.was_stopped()) {
    return refuse(Code::k_network_failed)
        .with_detail(place + ": the connection broke before an answer; the request may have come");
  }
  if (outcome != CURLE_OK) {
    const char* cause = message[0] != '\0' ? message.data() : curl_easy_strerror(outcome);
    return refuse(Code::k_network_failed).with_detail(place + ": " + cause);
  }
  return HttpResponse{.status = static_cast<int>(status),
                      .headers = std::move(gathering.headers),
                      .body = std::move(gathering.body)};
}

}  // namespace ajwt::http
