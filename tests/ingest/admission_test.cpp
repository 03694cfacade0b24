#include "ingest/admission.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace riffle::ingest {
namespace {

using records::Code;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::int32_t kPartitions = 4;
constexpr TimePoint kNow = from_ms(1760000000000);

struct Input {
  std::optional<std::string> key;
  std::optional<std::string> value;
  Partition partition;
  TimePoint time = kNow;

  bus::Record record() const {
    bus::Record record;
    record.topic = "riffle.events";
    record.partition = partition;
    record.offset = Offset(7);
    record.timestamp = time;
    if (key) record.key = *key;
    if (value) record.value = *value;
    return record;
  }
};

Input of_user(const std::string& user, const std::string& value) {
  return {user, value, murmur2_partition(user, kPartitions)};
}

std::string click(std::optional<TimePoint> at = {}, const std::string& user = "u1") {
  return R"({"event":"interaction","type":"click","user_id":")" + user + R"(","item_id":"i9")" +
         (at ? ",\"timestamp\":" + std::to_string(to_ms(*at)) : "") + "}";
}

class AdmissionTest : public testing::Test {
 protected:
  std::optional<records::Reason> admit(const Input& input, TimePoint newest = kNow) {
    return admission_.admit_event(input.record(), newest, event_);
  }
  void expect(const std::optional<records::Reason>& reason, Code code, const char* says) {
    ASSERT_TRUE(reason);
    EXPECT_EQ(code_name(reason->code), code_name(code)) << reason->message;
    EXPECT_NE(reason->message.find(says), std::string::npos) << reason->message;
  }

  Admission admission_{AdmissionOptions{}, kPartitions};
  records::Event event_;
};

TEST_F(AdmissionTest, AGoodEventIsDecoded) {
  EXPECT_FALSE(admit(of_user("u1", click(kNow))));
  EXPECT_EQ(event_.item_id, ItemId("i9"));
  EXPECT_EQ(event_.timestamp, kNow);
}

TEST_F(AdmissionTest, TheKeyMustBeTheUser) {
  auto input = of_user("u1", click());
  input.key.reset();
  expect(admit(input), Code::kMisrouted, "has no key");
  input.key = "u2";
  expect(admit(input), Code::kMisrouted, "key is \"u2\" but its user_id is \"u1\"");
  input.key = "";
  expect(admit(input), Code::kMisrouted, "key is \"\"");
  input.key = "\xff\xfe" + std::string(1000, 'x');
  expect(admit(input), Code::kMisrouted, "\\xff\\xfe");
  EXPECT_LT(admit(input)->message.size(), 400u);
}

TEST_F(AdmissionTest, ThePartitionMustBeTheKeys) {
  auto input = of_user("u1", click());
  ASSERT_FALSE(admit(input));
  for (int p = 0; p < kPartitions; ++p) {
    input.partition = Partition(p);
    const bool explained = input.partition == murmur2_partition("u1", kPartitions) ||
                           (admission_.partitioner_state().empty() &&
                            input.partition == crc32_partition("u1", kPartitions));
    if (!explained) expect(admit(input), Code::kMisrouted, "`partitioner");
  }
}

TEST_F(AdmissionTest, TheDecisionOfAutoIsSharedByAllInputsAndRestored) {
  std::string user;
  for (int i = 0; user.empty(); ++i)
    if (const std::string u = "u" + std::to_string(i);
        murmur2_partition(u, kPartitions) != crc32_partition(u, kPartitions))
      user = u;
  const Input by_crc32{user, click({}, user), crc32_partition(user, kPartitions)};
  ASSERT_FALSE(admit(by_crc32));
  EXPECT_EQ(admission_.partitioner_state(), "crc32");
  const Input profile{user, R"({"user_id":")" + user + "\"}", murmur2_partition(user, kPartitions)};
  expect(admission_.admit_profile(profile.record()), Code::kMisrouted, "partitioner: crc32");

  Admission restarted{AdmissionOptions{}, kPartitions};
  restarted.restore_partitioner(admission_.partitioner_state());
  expect(restarted.admit_profile(profile.record()), Code::kMisrouted, "partitioner: crc32");
}

TEST_F(AdmissionTest, AnEventWithoutValueOrWithAnEmptyOneIsRefused) {
  auto input = of_user("u1", "");
  expect(admit(input), Code::kEmptyRecord, "no value");
  input.value.reset();
  expect(admit(input), Code::kEmptyRecord, "tombstone");
}

TEST_F(AdmissionTest, WhatTheDecoderRefusesIsRefused) {
  expect(admit(of_user("u1", "{")), Code::kNotJson, "cut short");
  expect(admit(of_user("u1", R"({"event":"request","user_id":"u1"})")), Code::kUnknownKind,
         "requests topic");
}

TEST_F(AdmissionTest, AnEventMayBeAheadOfItsRecordByTheToleranceAtMost) {
  EXPECT_FALSE(admit(of_user("u1", click(kNow + hours(1)))));
  expect(admit(of_user("u1", click(kNow + hours(1) + milliseconds(1)))), Code::kTimestampFuture,
         "future_tolerance");
  expect(admit(of_user("u1", click(kNow + hours(24 * 365)))), Code::kTimestampFuture, "2026-10-09");
}

TEST_F(AdmissionTest, TimesBefore2000AreNoTimes) {
  const TimePoint oldest = AdmissionOptions{}.oldest;
  EXPECT_FALSE(admit(of_user("u1", click(oldest)), kNoTime));
  expect(admit(of_user("u1", click(oldest - milliseconds(1))), kNoTime), Code::kTimestampAncient,
         "1999-12-31");
  expect(admit(of_user("u1", click(from_ms(0))), kNoTime), Code::kTimestampAncient, "1970");
  // Seconds where milliseconds belong.
  expect(admit(of_user("u1", click(from_ms(1760000000)))), Code::kTimestampAncient, "not seconds");
}

TEST_F(AdmissionTest, AnEventMayBeOlderThanTheNewestByTheLatenessAtMost) {
  EXPECT_FALSE(admit(of_user("u1", click(kNow - hours(24 * 7)))));
  expect(admit(of_user("u1", click(kNow - hours(24 * 7) - milliseconds(1)))), Code::kTimestampLate,
         "lateness");
  EXPECT_FALSE(admit(of_user("u1", click(kNow - hours(24 * 70))), kNoTime));
}

TEST_F(AdmissionTest, AHistoryOfLongAgoIsTakenWhenItIsTheNewest) {
  const TimePoint then = kNow - hours(24 * 365 * 15);
  EXPECT_FALSE(admit(of_user("u1", click(then)), then - hours(1)));
}

TEST_F(AdmissionTest, WithoutATimestampTheRecordsTimeIsTheEvents) {
  auto input = of_user("u1", click());
  input.time = kNow - hours(24 * 8);
  expect(admit(input), Code::kTimestampLate, "the record's time is");
  input.time = from_ms(-1);  // Kafka's "no timestamp"
  expect(admit(input), Code::kTimestampAncient, "the record's time is");
}

TEST_F(AdmissionTest, ARequestIsHeldToItsKeyPartitionAndTime) {
  records::Request request;
  const std::string json = R"({"event":"request","user_id":"u1","n":5})";
  EXPECT_FALSE(
      admission_.admit_request(of_user("u1", json).record(), kNow + hours(24 * 30), request));
  EXPECT_EQ(request.n, 5);
  auto input = of_user("u1", json);
  input.key = "u2";
  expect(admission_.admit_request(input.record(), kNow, request), Code::kMisrouted, "u2");
  input.value.reset();
  expect(admission_.admit_request(input.record(), kNow, request), Code::kEmptyRecord, "request");
  const auto at = [](TimePoint t) {
    return of_user(
        "u1", R"({"event":"request","user_id":"u1","timestamp":)" + std::to_string(to_ms(t)) + "}");
  };
  EXPECT_FALSE(admission_.admit_request(at(kNow).record(), kNow, request));
  expect(admission_.admit_request(at(kNow + hours(2)).record(), kNow, request),
         Code::kTimestampFuture, "timestamp");
  expect(admission_.admit_request(at(kNow - hours(200)).record(), kNow, request),
         Code::kTimestampLate, "timestamp");
  expect(admission_.admit_request(at(from_ms(5)).record(), kNow, request), Code::kTimestampAncient,
         "timestamp");
}

TEST_F(AdmissionTest, AProfileMayBeDeletedButNeverBeAnothersOrNobodys) {
  EXPECT_FALSE(admission_.admit_profile(of_user("u1", R"({"user_id":"u1"})").record()));
  auto input = of_user("u1", "");
  input.value.reset();
  EXPECT_FALSE(admission_.admit_profile(input.record()));
  expect(admission_.admit_profile(of_user("u2", R"({"user_id":"u1"})").record()), Code::kMisrouted,
         "u1");
  input.key.reset();
  expect(admission_.admit_profile(input.record()), Code::kMisrouted, "no key");
  input.key = std::string(257, 'u');
  expect(admission_.admit_profile(input.record()), Code::kBadField, "limits.id_bytes");
  expect(admission_.admit_profile(of_user("u1", "").record()), Code::kEmptyRecord, "no value");
}

TEST_F(AdmissionTest, AnItemMayBeDeletedAndLieInAnyPartition) {
  records::Item item;
  for (int p = 0; p < 9; ++p)
    EXPECT_FALSE(admission_.admit_item(
        Input{"i9", R"({"item_id":"i9","title":"t"})", Partition(p)}.record(), item));
  EXPECT_EQ(item.title, "t");
  EXPECT_FALSE(admission_.admit_item(Input{"i9", {}, Partition(0)}.record(), item));
  expect(admission_.admit_item(Input{"i8", R"({"item_id":"i9"})", Partition(0)}.record(), item),
         Code::kMisrouted, "i8");
  expect(admission_.admit_item(Input{{}, {}, Partition(0)}.record(), item), Code::kMisrouted,
         "no key");
  expect(admission_.admit_item(Input{"", {}, Partition(0)}.record(), item), Code::kMisrouted,
         "no key");
}

TEST_F(AdmissionTest, TheLimitsAreOptions) {
  AdmissionOptions options;
  options.limits.id_bytes = 5;
  options.lateness = hours(1);
  Admission strict(options, 1);
  expect(
      strict.admit_event(Input{"user12", click({}, "user12"), Partition(0)}.record(), kNow, event_),
      Code::kBadField, "limits.id_bytes");
  expect(
      strict.admit_event(Input{"u1", click(kNow - hours(2)), Partition(0)}.record(), kNow, event_),
      Code::kTimestampLate, "3600000 ms");
}

}  // namespace
}  // namespace riffle::ingest
