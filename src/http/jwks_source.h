// SPDX-License-Identifier: Apache-2.0
//
// The keys of an issuer, fetched in the background, so that verifying never waits for the network
// except when a token names a key that is not known yet.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"
#include "jose/jwk.h"

namespace ajwt::http {

// JwksSourceOptions say where an authority's keys are, and how long what was fetched is good.
struct JwksSourceOptions {
  std::string url;
  // Sooner if the answer's Cache-Control: max-age says so, but never sooner than min_interval, and
  // never later than this: an authority that could say "forever" could never take a key back.
  Seconds refresh_every{300};
  Seconds min_interval{5};  // between fetches for unknown kids, and before a failed one is repeated
  Seconds max_retry{30};    // the same, where it failed again and again
  Seconds max_stale{3600};  // a set is used so long after it was fetched, then none
  Seconds timeout{10};      // of one fetch
  std::size_t max_bytes = 64 * 1024;
  // Told, by the source's thread, how the first fetch ended, and whenever fetching begins to fail
  // or to work again. Must not block or throw; may be empty.
  std::function<void(const Status&)> on_turn = {};
};

// JwksSource holds the current key set. Its functions may be called by any thread at any time. Ages
// and intervals are of Clock::elapsed: setting the machine's clock changes none of them.
//
// A set is taken or refused as a whole. It is refused, and the one before stays until it is stale,
// if the answer is no 200, too large, of another media type than JSON, no JWK set
// (jose::parse_jwks), has no key for us, or if a name that we know means another key in it. A set
// of other keys altogether is taken: that is what a revocation looks like, and what is behind the
// URL is the authority by TLS (docs/adr/0013-key-rotation.md).
class JwksSource {
 public:
  using Keys = std::shared_ptr<const jose::KeySet>;

  // client and clock outlive the source.
  JwksSource(JwksSourceOptions options, HttpClient& client, const Clock& clock);
  // ~JwksSource wakes all callers and joins the thread; a fetch that is under way is waited for.
  ~JwksSource();
  JwksSource(const JwksSource&) = delete;
  JwksSource& operator=(const JwksSource&) = delete;

  // start begins to fetch in the background, at once and then every refresh_every. Called once.
  void start();

  // keys returns the current set, the same object as long as the issuer's keys are the same; null
  // before the first success and when the last success is more than max_stale ago. Null means that
  // nothing can be verified (fail closed).
  Keys keys() const;

  // refresh_for_unknown_kid returns keys() after a fetch, which it waits for at most `patience`; it
  // joins one that is under way. Tokens with made-up kids must neither turn us against the issuer
  // nor, where the issuer is slow, take all threads of ours: one that began less than min_interval
  // ago is not repeated, and one caller at a time waits, none within min_interval after another.
  // All others get keys() at once.
  Keys refresh_for_unknown_kid(std::chrono::milliseconds patience);

  // age returns how long ago what is held was fetched, or nothing before the first success.
  std::optional<Seconds> age() const;

  // last_error returns why the latest fetch failed, or nothing if it succeeded: for health.
  std::optional<Error> last_error() const;

 private:
  using Elapsed = std::chrono::milliseconds;

  // Fetched is what one answer brought.
  struct Fetched {
    jose::KeySet keys;
    Seconds good_for;  // until it is fetched again
  };

  void run();
  bool due() const;
  bool is_recent(const std::optional<Elapsed>& time) const;
  Keys keys_locked() const;
  Result<Fetched> fetch() const;
  Status check_names(const jose::KeySet& fetched) const;
  void store(Result<Fetched> outcome);
  void tell(const Result<Fetched>& outcome) const;

  const JwksSourceOptions options_;
  HttpClient& client_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Keys keys_;
  Elapsed fetched_at_{};               // of keys_
  Seconds good_for_;                   // the latest answer that was taken
  std::optional<Elapsed> last_begun_;  // the latest fetch
  std::optional<Elapsed> last_wait_;   // ended when the latest caller's did
  bool waiting_ = false;               // a caller does
  std::optional<Error> error_;         // of the latest fetch
  Seconds retry_after_;                // after a failure; grows
  std::uint64_t fetches_ended_ = 0;
  bool fetching_ = false;
  bool wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ajwt::http
