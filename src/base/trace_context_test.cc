// SPDX-License-Identifier: Apache-2.0
#include "base/trace_context.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ajwt {
namespace {

const std::string kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

Bytes random_of(std::uint8_t byte) { return Bytes(kSpanRandomBytes, byte); }

HttpHeaders fields_of(std::vector<std::pair<std::string, std::string>> fields) {
  HttpHeaders headers;
  for (auto& [name, value] : fields) headers.add(std::move(name), std::move(value));
  return headers;
}

TEST(TraceParent, SurvivesTheWayThereAndBack) {
  const auto parent = parse_traceparent(kParent);
  ASSERT_TRUE(parent);
  EXPECT_EQ(to_hex(parent->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(to_hex(parent->span_id), "00f067aa0ba902b7");
  EXPECT_TRUE(parent->sampled);
  EXPECT_EQ(write_traceparent(*parent), kParent);
}

TEST(TraceParent, KeepsTheSampledFlagAlone) {
  const std::string start = kParent.substr(0, 53);
  EXPECT_FALSE(parse_traceparent(start + "00")->sampled);
  EXPECT_FALSE(parse_traceparent(start + "fe")->sampled);
  EXPECT_EQ(write_traceparent(*parse_traceparent(start + "ff")), kParent);
}

// 4.3: of a later version, what version 00 has is read.
TEST(TraceParent, ReadsLaterVersionsAsFarAsItKnowsThem) {
  const std::string rest = kParent.substr(2);
  EXPECT_EQ(write_traceparent(*parse_traceparent("01" + rest)), kParent);
  EXPECT_EQ(write_traceparent(*parse_traceparent("cc" + rest + "-what-the-future-will-be")),
            kParent);
}

TEST(TraceParent, RefusesWhatIsMalformed) {
  std::string zero_trace = kParent;
  zero_trace.replace(3, 32, 32, '0');
  std::string zero_span = kParent;
  zero_span.replace(36, 16, 16, '0');
  const std::vector<std::string> malformed = {
      "",
      "00",
      kParent.substr(0, 54),                                        // too short
      kParent + "0",                                                // too long
      kParent + "-00",                                              // version 00 has four parts
      " " + kParent,                                                //
      "ff" + kParent.substr(2),                                     // the forbidden version
      "cc" + kParent.substr(2) + ".what",                           // no dash after the flags
      "0x" + kParent.substr(2),                                     //
      zero_trace,                                                   //
      zero_span,                                                    //
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",    // uppercase
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",    //
      "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",    //
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0G",    //
      "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",    //
      "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",    //
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",    //
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1\n",   //
      "00-4bf92f3577b34da6a3ce929d0e0e4736-\"evil\\n\" level=x-01"  //
  };
  for (const std::string& text : malformed) EXPECT_FALSE(parse_traceparent(text)) << text;
}

TEST(TraceState, IsHandedOnWhole) {
  EXPECT_EQ(parse_tracestate({"congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"}),
            "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
  EXPECT_EQ(parse_tracestate({"a=1 , b=2,,", "", "t1/x@sys-tem=a b"}), "a=1,b=2,t1/x@sys-tem=a b");
  EXPECT_EQ(parse_tracestate({}), "");
  EXPECT_EQ(parse_tracestate({" , \t,"}), "");
}

TEST(TraceState, IsDroppedWhenAMemberIsMalformed) {
  for (const std::string_view text :
       {"a", "=1", "a=", "A=1", "1a=1", "a=b=c", "a=1,a=2", "a@=1", "@a=1", "a@1b=1", "a@b@c=1",
        "a b=1", "a=\x01", "a=\xc3\xa4", "a=1,b"}) {
    EXPECT_FALSE(parse_tracestate({text})) << text;
  }
  EXPECT_FALSE(parse_tracestate({"a=1", "a=2"}));
}

TEST(TraceState, IsDroppedBeyondItsLimits) {
  std::string members;
  for (int i = 0; i < 32; ++i) members += (i == 0 ? "k" : ",k") + std::to_string(i) + "=v";
  EXPECT_EQ(parse_tracestate({members}), members);
  EXPECT_FALSE(parse_tracestate({members + ",more=v"}));
  const std::string longest = "a=" + std::string(256, 'x') + ",b=" + std::string(251, 'x');
  ASSERT_EQ(longest.size(), 512U);
  EXPECT_EQ(parse_tracestate({longest}), longest);
  EXPECT_FALSE(parse_tracestate({longest + "x"}));
  EXPECT_FALSE(parse_tracestate({"a=" + std::string(257, 'x')}));
  EXPECT_TRUE(parse_tracestate({std::string(256, 'k') + "=v"}));
  EXPECT_FALSE(parse_tracestate({std::string(257, 'k') + "=v"}));
  EXPECT_FALSE(parse_tracestate({std::string(242, 'k') + "@s=v"}));
  EXPECT_FALSE(parse_tracestate({"k@" + std::string(15, 's') + "=v"}));
}

TEST(Span, IsAChildOfTheOneThatIsNamed) {
  const Span span = begin_span(
      fields_of({{"TraceParent", kParent}, {"tracestate", "a=1"}, {"TraceState", "b=2"}}),
      random_of(0xab));
  EXPECT_EQ(span.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span.span_id(), "abababababababab");
  ASSERT_TRUE(span.parent);
  EXPECT_EQ(to_hex(*span.parent), "00f067aa0ba902b7");
  EXPECT_EQ(span.tracestate, "a=1,b=2");
}

TEST(Span, KeepsTheDecisionOfItsParentNotToBeRecorded) {
  const std::string unsampled = kParent.substr(0, 53) + "00";
  EXPECT_FALSE(begin_span(fields_of({{"traceparent", unsampled}}), random_of(1)).self.sampled);
}

TEST(Span, BeginsATraceWhereNoneIsReadable) {
  const std::vector<HttpHeaders> unreadable = {
      HttpHeaders(), fields_of({{"traceparent", "00-evil"}, {"tracestate", "a=1"}}),
      fields_of({{"traceparent", kParent}, {"traceparent", kParent}}),
      fields_of({{"tracestate", "a=1"}})};
  for (const HttpHeaders& headers : unreadable) {
    const Span span = begin_span(headers, random_of(0xcd));
    EXPECT_EQ(span.trace_id(), "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
    EXPECT_FALSE(span.parent);
    EXPECT_TRUE(span.self.sampled);
    EXPECT_EQ(span.tracestate, "");
  }
}

TEST(Span, SurvivesATracestateThatCannotBeRead) {
  const Span span =
      begin_span(fields_of({{"traceparent", kParent}, {"tracestate", "EVIL"}}), random_of(1));
  EXPECT_EQ(span.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span.tracestate, "");
}

TEST(Span, NeverHasAnIdOfZeros) {
  const Span span = begin_span(HttpHeaders(), random_of(0));
  EXPECT_TRUE(parse_traceparent(write_traceparent(span.self)));
}

}  // namespace
}  // namespace ajwt
