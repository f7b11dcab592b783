// SPDX-License-Identifier: Apache-2.0

#include "http/jwks_source.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_message.h"
#include "json/parse.h"

namespace ajwt::http {
namespace {

// How often the thread looks at the clock, which is a port and cannot wake it.
constexpr std::chrono::milliseconds kLook{200};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// check_media_type takes what RFC 7517 8.5 names and what is in use. An answer without the field is
// judged by its content (RFC 9110 8.3).
Status check_media_type(const HttpHeaders& headers) {
  for (const std::string_view field : headers.all("Content-Type")) {
    const std::string_view type = trimmed(field.substr(0, field.find(';')));
    if (equal_ignoring_case(type, "application/json")) continue;
    if (equal_ignoring_case(type, "application/jwk-set+json")) continue;
    return refuse(Code::k_content_type_refused).with_detail("the answer is no JSON");
  }
  return ok();
}

// read_max_age returns how long the answer says that it may be kept (RFC 9111 5.2.2): the shortest
// of what it says, nothing if it says nothing that can be read.
std::optional<Seconds> read_max_age(const HttpHeaders& headers) {
  constexpr std::string_view kMaxAge = "max-age=";
  std::optional<Seconds> shortest;
  const auto take = [&](Seconds age) { shortest = std::min(age, shortest.value_or(age)); };
  for (std::string_view field : headers.all("Cache-Control")) {
    while (!field.empty()) {
      const std::size_t comma = std::min(field.find(','), field.size());
      const std::string_view directive = trimmed(field.substr(0, comma));
      field.remove_prefix(std::min(comma + 1, field.size()));
      if (equal_ignoring_case(directive, "no-store") ||
          equal_ignoring_case(directive, "no-cache")) {
        take(Seconds(0));
      }
      if (!equal_ignoring_case(directive.substr(0, kMaxAge.size()), kMaxAge)) continue;
      const std::string_view digits = directive.substr(kMaxAge.size());
      std::int64_t seconds = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
      if (error == std::errc() && end == digits.data() + digits.size() && seconds >= 0) {
        take(Seconds(seconds));
      }
    }
  }
  return shortest;
}

}  // namespace

JwksSource::JwksSource(JwksSourceOptions options, HttpClient& client, const Clock& clock)
    : options_(std::move(options)),
      client_(client),
      clock_(clock),
      good_for_(options_.refresh_every),
      retry_after_(options_.min_interval) {}

JwksSource::~JwksSource() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void JwksSource::start() {
  thread_ = std::thread([this] { run(); });
}

JwksSource::Keys JwksSource::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_locked();
}

JwksSource::Keys JwksSource::keys_locked() const {
  if (keys_ && clock_.elapsed() - fetched_at_ > options_.max_stale) return nullptr;
  return keys_;
}

JwksSource::Keys JwksSource::refresh_for_unknown_kid(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (waiting_ || is_recent(last_wait_)) return keys_locked();
  if (!fetching_ && is_recent(last_begun_)) return keys_locked();
  waiting_ = true;
  wanted_ = true;
  const std::uint64_t before = fetches_ended_;
  changed_.notify_all();
  changed_.wait_for(lock, patience, [&] { return stopping_ || fetches_ended_ != before; });
  waiting_ = false;
  last_wait_ = clock_.elapsed();
  return keys_locked();
}

bool JwksSource::is_recent(const std::optional<Elapsed>& time) const {
  return time && clock_.elapsed() - *time < options_.min_interval;
}

std::optional<Seconds> JwksSource::age() const {
  const std::lock_guard lock(mutex_);
  if (keys_ == nullptr) return std::nullopt;
  return std::chrono::duration_cast<Seconds>(clock_.elapsed() - fetched_at_);
}

std::optional<Error> JwksSource::last_error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

bool JwksSource::due() const {
  if (!last_begun_) return true;
  const Seconds wait = error_ ? retry_after_ : good_for_;
  return clock_.elapsed() - *last_begun_ >= wait;
}

void JwksSource::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!wanted_ && !due()) {
      changed_.wait_for(lock, kLook, [this] { return stopping_ || wanted_; });
      continue;
    }
    wanted_ = false;
    fetching_ = true;
    last_begun_ = clock_.elapsed();
    const bool failed = error_.has_value();
    lock.unlock();
    auto outcome = fetch();
    // Before anyone sees the keys: a log says why there are none no later than there are some.
    if (fetches_ended_ == 0 || failed == outcome.has_value()) tell(outcome);
    lock.lock();
    store(std::move(outcome));
    fetching_ = false;
    // Those who came while it was under way have joined it.
    wanted_ = false;
    ++fetches_ended_;
    changed_.notify_all();
  }
}

Result<JwksSource::Fetched> JwksSource::fetch() const {
  HttpHeaders headers;
  headers.add("Accept", "application/jwk-set+json, application/json");
  AJWT_ASSIGN(const HttpResponse response, client_.send({.method = "GET",
                                                         .url = options_.url,
                                                         .headers = std::move(headers),
                                                         .body = {},
                                                         .timeout = options_.timeout}));
  if (response.status != 200)
    return refuse(Code::k_keys_unavailable)
        .with_detail("the answer has status " + std::to_string(response.status));
  AJWT_TRY(check_media_type(response.headers));
  if (response.body.size() > options_.max_bytes)
    return refuse(Code::k_limit_exceeded).with_detail("the JWK set is too large");
  AJWT_ASSIGN(const json::Object object, json::parse_object(response.body));
  AJWT_ASSIGN(jose::KeySet keys, jose::parse_jwks(object));
  // An empty set would refuse every token at once. Whoever wants that revokes tokens.
  if (keys.keys().empty())
    return refuse(Code::k_jwks_malformed).with_detail("the JWK set has no key for us");
  AJWT_TRY(check_names(keys));
  const Seconds said = read_max_age(response.headers).value_or(options_.refresh_every);
  return Fetched{std::move(keys),
                 std::min(std::max(said, options_.min_interval), options_.refresh_every)};
}

// check_names refuses a set in which a name means another key than in the one that we use: tokens
// of the one would be judged by the other, and no rotation does that (RFC 7517 4.5).
Status JwksSource::check_names(const jose::KeySet& fetched) const {
  const Keys known = keys();
  if (known == nullptr) return ok();
  for (const jose::Jwk& jwk : fetched.keys()) {
    const auto has_name = [&](const jose::Jwk& other) { return other.kid == jwk.kid; };
    const auto is_it = [&](const jose::Jwk& other) {
      return has_name(other) && other.key == jwk.key;
    };
    const std::vector<jose::Jwk>& old = known->keys();
    if (std::any_of(old.begin(), old.end(), has_name) &&
        std::none_of(old.begin(), old.end(), is_it)) {
      return refuse(Code::k_jwks_malformed).with_detail("a kid names another key than before");
    }
  }
  return ok();
}

void JwksSource::tell(const Result<Fetched>& outcome) const {
  if (!options_.on_turn) return;
  options_.on_turn(outcome ? ok() : Status(tl::unexpected(outcome.error())));
}

void JwksSource::store(Result<Fetched> outcome) {
  if (!outcome) {
    const Seconds longest = std::min(options_.max_retry, options_.refresh_every);
    retry_after_ = error_ ? std::max(std::min(2 * retry_after_, longest), options_.min_interval)
                          : options_.min_interval;
    error_ = std::move(outcome).error();
    return;
  }
  error_.reset();
  fetched_at_ = *last_begun_;
  good_for_ = outcome->good_for;
  // The very object stands for the set: whoever remembers what it verified would forget it all.
  if (keys_ && jose::write_jwks(*keys_) == jose::write_jwks(outcome->keys)) return;
  keys_ = std::make_shared<const jose::KeySet>(std::move(outcome->keys));
}

}  // namespace ajwt::http
