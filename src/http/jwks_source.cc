// SPDX-License-Identifier: Apache-2.0

#include "http/jwks_source.h"

#include <algorithm>
#include <utility>

#include "json/parse.h"

namespace ajwt::http {
namespace {

// How often the thread looks at the clock, which is a port and cannot wake it.
constexpr std::chrono::milliseconds kLook{200};

}  // namespace

JwksSource::JwksSource(JwksSourceOptions options, HttpClient& client, const Clock& clock)
    : options_(std::move(options)),
      client_(client),
      clock_(clock),
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
  if (keys_ && clock_.now() - fetched_at_ > options_.max_stale) return nullptr;
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
  last_wait_ = clock_.now();
  return keys_locked();
}

bool JwksSource::is_recent(const std::optional<Instant>& time) const {
  return time && clock_.now() - *time < options_.min_interval;
}

std::optional<Seconds> JwksSource::age() const {
  const std::lock_guard lock(mutex_);
  if (keys_ == nullptr) return std::nullopt;
  return clock_.now() - fetched_at_;
}

std::optional<Error> JwksSource::last_error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

bool JwksSource::due() const {
  if (!last_begun_) return true;
  const Seconds wait = error_ ? retry_after_ : options_.refresh_every;
  return clock_.now() - *last_begun_ >= wait;
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
    last_begun_ = clock_.now();
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

Result<jose::KeySet> JwksSource::fetch() const {
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
  if (response.body.size() > options_.max_bytes)
    return refuse(Code::k_limit_exceeded).with_detail("the JWK set is too large");
  AJWT_ASSIGN(const json::Object object, json::parse_object(response.body));
  AJWT_ASSIGN(jose::KeySet keys, jose::parse_jwks(object));
  // An empty set would refuse every token at once. Whoever wants that revokes tokens.
  if (keys.keys().empty())
    return refuse(Code::k_jwks_malformed).with_detail("the JWK set has no key for us");
  return keys;
}

void JwksSource::tell(const Result<jose::KeySet>& outcome) const {
  if (!options_.on_turn) return;
  options_.on_turn(outcome ? ok() : Status(tl::unexpected(outcome.error())));
}

void JwksSource::store(Result<jose::KeySet> outcome) {
  if (!outcome) {
    retry_after_ =
        error_ ? std::min(2 * retry_after_, options_.refresh_every) : options_.min_interval;
    error_ = std::move(outcome).error();
    return;
  }
  error_.reset();
  fetched_at_ = *last_begun_;
  // The very object stands for the set: whoever remembers what it verified would forget it all.
  if (keys_ && jose::write_jwks(*keys_) == jose::write_jwks(*outcome)) return;
  keys_ = std::make_shared<const jose::KeySet>(*std::move(outcome));
}

}  // namespace ajwt::http
