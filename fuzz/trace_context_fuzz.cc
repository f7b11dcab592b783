// SPDX-License-Identifier: Apache-2.0
//
// Trace context: what is read is written again, within its alphabet and bounds, and is then read as
// the same; a span is the child of its parent or begins a trace.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/trace_context.h"
#include "fuzz/support/choices.h"

namespace ajwt {
namespace {

void check_parent(std::string_view text) {
  const auto parent = parse_traceparent(text);
  if (!parent) return;
  const std::string written = write_traceparent(*parent);
  AJWT_CHECK(written.size() == 55 && parse_traceparent(written) == parent);
  AJWT_CHECK(text.substr(2, 51) == written.substr(2, 51));
  AJWT_CHECK(written.find_first_not_of("0123456789abcdef-") == std::string::npos);
}

void check_state(std::string_view text) {
  const auto state = parse_tracestate({text});
  if (!state) return;
  AJWT_CHECK(state->size() <= 512 && std::count(state->begin(), state->end(), ',') < 32);
  AJWT_CHECK(
      std::all_of(state->begin(), state->end(), [](char c) { return c >= ' ' && c <= '~'; }));
  AJWT_CHECK(parse_tracestate({*state}) == state);
}

void check_span(std::string_view parent, std::string_view state) {
  HttpHeaders headers;
  headers.add("traceparent", std::string(parent));
  headers.add("tracestate", std::string(state));
  const Span span = begin_span(headers, Bytes(kSpanRandomBytes, 0xab));
  const auto read = parse_traceparent(parent);
  AJWT_CHECK(read.has_value() == span.parent.has_value());
  AJWT_CHECK(!read || (span.self.trace_id == read->trace_id && *span.parent == read->span_id));
  AJWT_CHECK(read || (span.self.sampled && span.tracestate.empty()));
  AJWT_CHECK(parse_traceparent(write_traceparent(span.self)) == span.self);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ajwt::fuzz::text_of(data, size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view rest = text.substr(std::min(end + 1, text.size()));
  ajwt::check_parent(text.substr(0, end));
  ajwt::check_state(rest);
  ajwt::check_span(text.substr(0, end), rest);
  return 0;
}
