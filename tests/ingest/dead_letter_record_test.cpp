#include "ingest/dead_letter_record.h"

#include <gtest/gtest.h>

#include <map>

namespace riffle::ingest {
namespace {

using records::Code;

bus::Record origin(std::string_view key, std::string_view value) {
  bus::Record record;
  record.topic = "riffle.events";
  record.partition = Partition(3);
  record.offset = Offset(1742);
  record.key = key;
  record.value = value;
  return record;
}

std::map<std::string, std::string> headers_of(const OwnedRecord& record) {
  return {record.headers.begin(), record.headers.end()};
}

TEST(DeadLetterRecord, CarriesTheOriginalBytesUnderTheOriginalKeyWithReasonAndOrigin) {
  const std::string bytes("{\"bad\0", 6);
  const auto letter =
      dead_letter(origin("u1", bytes), {Code::kNotJson, "cut short"}, "riffle.dead-letters");
  EXPECT_EQ(letter.topic, "riffle.dead-letters");
  EXPECT_EQ(letter.key, "u1");
  EXPECT_EQ(letter.value, bytes);
  EXPECT_EQ(headers_of(letter),
            (std::map<std::string, std::string>{{"error.code", "not_json"},
                                                {"error.message", "cut short"},
                                                {"origin.topic", "riffle.events"},
                                                {"origin.partition", "3"},
                                                {"origin.offset", "1742"}}));
}

TEST(DeadLetterRecord, WhatIsTooLargeIsCutAndSaysSo) {
  const std::string large(5 << 20, 'x');
  const auto letter = dead_letter(origin("u1", large), {Code::kTooLarge, "m"}, "t");
  EXPECT_EQ(letter.value->size(), kDeadLetterBytes);
  EXPECT_EQ(headers_of(letter)["truncated"], "true");
  EXPECT_EQ(headers_of(letter)["origin.size"], "5242880");
  const auto small = dead_letter(origin("u1", "abcdef"), {Code::kNotJson, "m"}, "t", 6);
  EXPECT_EQ(headers_of(small).count("truncated"), 0u);
  EXPECT_EQ(dead_letter(origin("u1", "abcdef"), {Code::kNotJson, "m"}, "t", 5).value, "abcde");
}

TEST(DeadLetterRecord, AHugeKeyIsCutToo) {
  const std::string key(1 << 20, 'k');
  const auto letter =
      dead_letter(origin(key, "v"), {Code::kMisrouted, std::string(1 << 20, 'm')}, "t");
  EXPECT_LT(letter.key->size(), 10000u);
  EXPECT_LT(headers_of(letter)["error.message"].size(), 10000u);
  EXPECT_EQ(headers_of(letter)["origin.key_size"], "1048576");
  EXPECT_EQ(headers_of(letter)["truncated"], "true");
}

TEST(DeadLetterRecord, ATombstoneStaysOneAndNoKeyStaysNoKey) {
  bus::Record record = origin("u1", "");
  record.value.reset();
  record.key.reset();
  const auto letter = dead_letter(record, {Code::kEmptyRecord, "m"}, "t");
  EXPECT_FALSE(letter.value || letter.key);
  EXPECT_TRUE(dead_letter(origin("", ""), {Code::kEmptyRecord, "m"}, "t").key);
}

TEST(DeadLetterRecord, TheTraceIsHandedOnAndTheViewShowsEverything) {
  bus::Record record = origin("u1", "v");
  record.headers = {{"other", "x"}, {"traceparent", "00-abc-def-01"}};
  const auto letter = dead_letter(record, {Code::kNotJson, "m"}, "t");
  EXPECT_EQ(headers_of(letter)["traceparent"], "00-abc-def-01");
  EXPECT_EQ(headers_of(letter).count("other"), 0u);
  const bus::OutRecord view = letter.record();
  EXPECT_EQ(view.topic, "t");
  EXPECT_EQ(view.key, "u1");
  EXPECT_EQ(view.value, "v");
  EXPECT_EQ(view.headers.size(), 6u);
  EXPECT_FALSE(view.partition || view.timestamp);
}

}  // namespace
}  // namespace riffle::ingest
