// SPDX-License-Identifier: Apache-2.0
//
// W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1): which trace a request belongs
// to, read from its header section and handed on. Ids are kept as bytes, so that nothing a client
// wrote gets any further than its hexadecimal digits. Pure: randomness is an argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/http_message.h"

namespace ajwt {

inline constexpr std::string_view kTraceParentField = "traceparent";
inline constexpr std::string_view kTraceStateField = "tracestate";

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

// TraceParent is the value of a traceparent field: neither id is all zero.
struct TraceParent {
  TraceId trace_id;
  SpanId span_id;  // of the sender's span ("parent-id")
  bool sampled;    // the sender may have recorded it
  friend bool operator==(const TraceParent&, const TraceParent&) = default;
};

// parse_traceparent reads a field of version 00, or of a later version as far as 00 goes (3.2.3,
// 4.3); nothing for what is malformed. Flags beside "sampled" are not kept, as 3.2.2.5 has it.
std::optional<TraceParent> parse_traceparent(std::string_view text);

// write_traceparent writes version 00.
std::string write_traceparent(const TraceParent& parent);

// parse_tracestate returns the members of these fields as one, without empty ones; nothing if a
// member is malformed, if a key comes twice, for more than 32 members, and for more than 512
// characters in all: what is not handed on whole is not handed on (3.3, 4.3).
std::optional<std::string> parse_tracestate(const std::vector<std::string_view>& fields);

// Span is our own part of a trace: one request that we answer.
struct Span {
  TraceParent self;              // what is handed on: this span is the parent of what comes after
  std::optional<SpanId> parent;  // of this span; absent where a trace begins
  std::string tracestate = {};   // handed on beside it; empty: none

  std::string trace_id() const { return to_hex(self.trace_id); }
  std::string span_id() const { return to_hex(self.span_id); }
};

// kSpanRandomBytes is how much randomness a span takes: for a trace id and a span id.
inline constexpr std::size_t kSpanRandomBytes = 24;

// begin_span makes the span of a request: a child of the one that its traceparent names, or, if
// there is none, several or a malformed one, the first of a new trace, which is sampled. `random`
// holds kSpanRandomBytes or more.
Span begin_span(const HttpHeaders& headers, ByteView random);

// new_trace returns what the sender of a first request says: a new trace, sampled. `random` as in
// begin_span.
TraceParent new_trace(ByteView random);

}  // namespace ajwt
