// SPDX-License-Identifier: Apache-2.0
#include "base/trace_context.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace ajwt {
namespace {

// "00-" trace-id "-" parent-id "-" trace-flags
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::size_t kTraceParentSize = 55;
constexpr std::uint8_t kSampled = 0x01;
constexpr std::uint8_t kForbiddenVersion = 0xff;

constexpr std::size_t kMaxMembers = 32;
constexpr std::size_t kMaxTraceState = 512;
constexpr std::size_t kMaxKey = 256;
constexpr std::size_t kMaxTenant = 241;
constexpr std::size_t kMaxSystem = 14;
constexpr std::size_t kMaxValue = 256;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// read_hex fills `out` from as many lowercase digits (3.2.2: uppercase is malformed).
template <std::size_t N>
bool read_hex(std::string_view digits, std::array<std::uint8_t, N>& out) {
  if (!is_lowercase_hex(digits, 2 * N)) return false;
  const Bytes bytes = *parse_hex(digits);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

template <std::size_t N>
bool is_zero(const std::array<std::uint8_t, N>& id) {
  return std::all_of(id.begin(), id.end(), [](std::uint8_t byte) { return byte == 0; });
}

// take_id copies an id out of random bytes. Zero is no id; it comes up once in 2^64 draws.
template <std::size_t N>
std::array<std::uint8_t, N> take_id(ByteView random) {
  std::array<std::uint8_t, N> id{};
  std::copy_n(random.begin(), N, id.begin());
  if (is_zero(id)) id.back() = 1;
  return id;
}

bool is_key_char(char c) {
  return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
}

bool is_key_part(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), is_key_char);
}

// 3.3.1.3.1: a simple key, or tenant@system.
bool is_key(std::string_view key) {
  const std::size_t at = key.find('@');
  if (at == std::string_view::npos) return is_key_part(key, kMaxKey) && is_lower(key.front());
  const std::string_view tenant = key.substr(0, at);
  const std::string_view system = key.substr(at + 1);
  return is_key_part(tenant, kMaxTenant) &&
         (is_lower(tenant.front()) || is_digit(tenant.front())) &&
         is_key_part(system, kMaxSystem) && is_lower(system.front());
}

bool is_value(std::string_view value) {
  const auto is_value_char = [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; };
  return !value.empty() && value.size() <= kMaxValue && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), is_value_char);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Members gathers tracestate's list members as they come.
class Members {
 public:
  bool add(std::string_view member) {
    if (member.empty()) return true;  // 3.3.1.2: allowed and meaningless
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = member.substr(0, equals);
    if (!is_key(key) || !is_value(member.substr(equals + 1))) return false;
    if (keys_.size() == kMaxMembers || std::find(keys_.begin(), keys_.end(), key) != keys_.end()) {
      return false;
    }
    keys_.push_back(key);
    if (!text_.empty()) text_ += ',';
    text_ += member;
    return text_.size() <= kMaxTraceState;
  }
  std::string take() { return std::move(text_); }

 private:
  std::vector<std::string_view> keys_;
  std::string text_;
};

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  if (text.size() < kTraceParentSize || text[2] != '-' || text[kSpanAt - 1] != '-' ||
      text[kFlagsAt - 1] != '-') {
    return std::nullopt;
  }
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceParent parent{};
  if (!read_hex(text.substr(0, 2), version) || version[0] == kForbiddenVersion ||
      !read_hex(text.substr(kTraceAt, 32), parent.trace_id) || is_zero(parent.trace_id) ||
      !read_hex(text.substr(kSpanAt, 16), parent.span_id) || is_zero(parent.span_id) ||
      !read_hex(text.substr(kFlagsAt, 2), flags)) {
    return std::nullopt;
  }
  if (text.size() > kTraceParentSize && (version[0] == 0 || text[kTraceParentSize] != '-')) {
    return std::nullopt;
  }
  parent.sampled = (flags[0] & kSampled) != 0;
  return parent;
}

std::string write_traceparent(const TraceParent& parent) {
  std::string text = "00-";
  text += to_hex(parent.trace_id);
  text += '-';
  text += to_hex(parent.span_id);
  text += parent.sampled ? "-01" : "-00";
  return text;
}

std::optional<std::string> parse_tracestate(const std::vector<std::string_view>& fields) {
  Members members;
  for (std::string_view field : fields) {
    for (;;) {
      const std::size_t comma = field.find(',');
      if (!members.add(trimmed(field.substr(0, comma)))) return std::nullopt;
      if (comma == std::string_view::npos) break;
      field.remove_prefix(comma + 1);
    }
  }
  return members.take();
}

Span begin_span(const HttpHeaders& headers, ByteView random) {
  AJWT_CHECK(random.size() >= kSpanRandomBytes);
  const auto fields = headers.all(kTraceParentField);
  const auto parent = fields.size() == 1 ? parse_traceparent(fields.front()) : std::nullopt;
  if (!parent) return Span{.self = new_trace(random), .parent = std::nullopt};
  Span span{.self = *parent, .parent = parent->span_id};
  span.self.span_id = take_id<std::tuple_size_v<SpanId>>(random.subspan(sizeof(TraceId)));
  // 4.3: a tracestate that cannot be read does not touch the traceparent.
  span.tracestate = parse_tracestate(headers.all(kTraceStateField)).value_or(std::string());
  return span;
}

TraceParent new_trace(ByteView random) {
  AJWT_CHECK(random.size() >= kSpanRandomBytes);
  return {.trace_id = take_id<std::tuple_size_v<TraceId>>(random),
          .span_id = take_id<std::tuple_size_v<SpanId>>(random.subspan(sizeof(TraceId))),
          .sampled = true};
}

}  // namespace ajwt
