// SPDX-License-Identifier: Apache-2.0
//
// The reverse proxy engine: it reads a request's header section, lets a judge decide, and streams
// the request to one upstream and the response back, in bounded memory. The request is written anew
// from its parsed parts, so that the upstream sees exactly what was judged.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/http_message.h"
#include "base/result.h"
#include "http/listen_options.h"

namespace ajwt::http {

// ProxyOutcome tells how a request ended.
struct ProxyOutcome {
  enum class End {
    kAnswered,        // by the judge, or by the engine's own refusal (on_refused)
    kForwarded,       // the upstream's response was sent to its end
    kUpstreamFailed,  // no answer (502, 504), or one that broke off
    kClientGone,      // the client left before the response was sent
  };
  End end;
  int status;  // as sent to the client, 0 if nothing was sent
  std::chrono::microseconds took;
};

// ForwardObserver follows one request that a judge let through. Its functions run on an I/O thread:
// short, they never block and must not throw.
class ForwardObserver {
 public:
  virtual ~ForwardObserver() = default;
  // on_failed writes the answer to a request that got none from the upstream: because that failed
  // (k_upstream_unavailable, k_upstream_timed_out), or since the rest of its body was no good.
  // At most once, before on_end.
  virtual HttpResponse on_failed(const Error& error) = 0;
  // on_end is told the end, once; never if the proxy is stopped before.
  virtual void on_end(const ProxyOutcome& outcome) = 0;
};

// Answer ends the matter: the client gets `response`, the upstream gets nothing.
struct Answer {
  HttpResponse response;
};

// Forward sends the request on, with its method, path and query unchanged.
//
// Fields named in `strip` are removed from the request; each field of `set` then replaces all of
// its name. Names compare folded (base/field_name.h), because CGI-like upstreams make one variable
// of several (a client's "X_Agent_Sub" must not pass for "X-Agent-Sub"). The engine itself removes
// hop-by-hop fields (RFC 9110 7.6.1), Expect, Proxy, what the client said in Forwarded, X-Real-IP
// and X-Forwarded-*, and fields by which frameworks replace host, path or method after they were
// judged (X-Original-*, X-Rewrite-URL, X-HTTP-Method-Override, X-HTTP-Method, X-Method-Override);
// it sets Host to the upstream's and X-Forwarded-For, -Proto, -Host to what it saw, unless `set`
// does. A `set` that names a framing field, or that is no valid field, is answered with 500.
// `body`, only after judge_with_body, replaces the body; without it the bytes that were judged are
// sent.
// Fields of the upstream's response for which `strip_in_response` holds are removed, then those of
// `set_in_response` set likewise.
struct Forward {
  std::vector<std::string> strip;
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::pair<std::string, std::string>> set_in_response;
  std::optional<std::string> body;
  bool (*strip_in_response)(std::string_view name, std::string_view value) = nullptr;
  std::shared_ptr<ForwardObserver> observer = nullptr;
};

// NeedBody asks for the whole body, of at most `max_bytes`, before deciding: judge_with_body is
// called next. A larger body is answered with 413. From judge_with_body it is a broken invariant.
struct NeedBody {
  std::size_t max_bytes;
};

using ProxyDecision = std::variant<Answer, Forward, NeedBody>;

// ProxyJudge decides about requests. Its functions are called by many threads at once.
class ProxyJudge {
 public:
  virtual ~ProxyJudge() = default;
  // judge decides from the header section alone; the body of `head` is empty. The path has passed
  // check_path. Runs on a worker thread and may block.
  virtual ProxyDecision judge(const HttpRequest& head) = 0;
  // judge_with_body decides with the body, after judge returned NeedBody. Runs on a worker thread.
  virtual ProxyDecision judge_with_body(const HttpRequest& whole) = 0;
  // on_refused writes the answer to a request that the engine itself refuses: at the gate (`head`
  // is null, nothing of it can be trusted), for its body, for want of a worker, or since the judge
  // threw or decided what cannot be carried out. It is not asked about a request that has an
  // observer. Runs on an I/O thread: short, never blocks and must not throw.
  virtual HttpResponse on_refused(const HttpRequest* head, const Error& error);
  // on_end is told the end of every request that was judged. Runs on an I/O thread: short, and it
  // never blocks.
  virtual void on_end(const HttpRequest& /*head*/, const ProxyOutcome& /*outcome*/) {}
};

// ReverseProxyOptions name the upstream beside the place to listen.
struct ReverseProxyOptions : ListenOptions {
  std::string upstream;  // "http://host[:port]", nothing more

  std::uint64_t max_body_bytes = std::uint64_t{1} << 30;  // of a request that is streamed
  // Of all bodies together that were read to be judged; what would go beyond is refused
  // (k_overloaded).
  std::size_t max_judged_bytes = std::size_t{256} << 20;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds upstream_timeout{60000};  // from the last byte sent or received
  std::size_t max_idle_upstreams = 32;                // connections kept open, per I/O thread
  std::chrono::milliseconds upstream_idle_timeout{30000};
};

// ReverseProxy listens from start() to stop().
//
// Errors on the way to the upstream become 502 (k_upstream_unavailable) or 504
// (k_upstream_timed_out) with what the observer writes (write_error_response without one), or a
// broken connection once the response has begun. When the client leaves, be it by closing its
// sending half alone, the upstream's connection is closed. A request is sent a second time, on a
// new connection, only if it is a GET or HEAD without body and a kept connection broke before any
// byte of its response came. Upgrade and CONNECT are not supported: an Upgrade field is removed
// like every hop-by-hop field, and an upstream's 101 is a failure.
class ReverseProxy {
 public:
  // start refuses as Server::start does, and k_configuration_refused for an upstream that is not
  // http://host[:port]. `judge` outlives the proxy.
  static Result<std::unique_ptr<ReverseProxy>> start(ReverseProxyOptions options,
                                                     ProxyJudge& judge);
  ~ReverseProxy();
  ReverseProxy(const ReverseProxy&) = delete;
  ReverseProxy& operator=(const ReverseProxy&) = delete;

  // port returns the port listened on.
  std::uint16_t port() const;

  // stop is as Server::stop.
  void stop();

 private:
  class Core;
  explicit ReverseProxy(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ajwt::http
