// What becomes of requests when there are more than can be answered.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "pipeline/shard_bench.h"
#include "pipeline/standing_queue.h"
#include "records/json_codec.h"

namespace riffle::pipeline {
namespace {

constexpr Milliseconds kDeadline{80};

class ShardOverload : public testing::Test {
 protected:
  ShardOverload() { bench_.start(); }

  // One request, taken after it has waited for so long here, and was on its way for so long before.
  void take(Milliseconds waited, bool with_deadline = true, Milliseconds on_its_way = Milliseconds(0), bool leaves_some = false) {
    const std::string value =
        absl::StrCat(R"({"event":"request","user_id":"u1","timestamp":1700000000000,"n":1,"candidates":["i1"])",
                     with_deadline ? absl::StrCat(R"(,"deadline_ms":)", kDeadline.count()) : "", "}");
    MicroBatch batch;
    bus::Record& record = batch.requests.emplace_back();
    record.topic = bench_.topics().requests;
    record.partition = Partition(0);
    record.offset = Offset(offset_++);
    record.key = "u1";
    record.value = value;
    batch.wall = now_;
    record.timestamp = now_ - waited - on_its_way;
    batch.waited = {waited};
    batch.leaves_requests = leaves_some;
    batch.world = bench_.world();
    batch.seed = 1;
    const absl::Status status = bench_.shard().process(batch);
    ASSERT_TRUE(status.ok()) << status;
    bench_.finish_epoch();
    now_ += Milliseconds(20);
  }
  void queue_stands() {
    for (Milliseconds passed{0}; passed <= StandingQueue::kSpan; passed += Milliseconds(20))
      take(Milliseconds(30), true, Milliseconds(0), true);
  }
  std::size_t lists() { return bench_.read(bench_.topics().recommendations).size(); }
  std::size_t refused() { return bench_.read(bench_.topics().dead_letters).size(); }
  bool last_list_was_short() {
    const auto list = records::decode_recommendation(bench_.read(bench_.topics().recommendations).back().second);
    return list.ok() && std::ranges::count(list->degraded, "deadline") == 1;
  }

  ShardBench bench_;
  TimePoint now_ = from_ms(1'800'000'000'000);
  std::int64_t offset_ = 0;
};

TEST_F(ShardOverload, WhileNoQueueStandsADeadlineAloneRefuses) {
  take(Milliseconds(70));
  take(Milliseconds(81));
  take(Milliseconds(1));
  EXPECT_EQ(lists(), 2u);
  EXPECT_EQ(refused(), 1u);
  EXPECT_FALSE(last_list_was_short());
}

TEST_F(ShardOverload, ItSaysWhetherItsLastRequestsHadDeadlines) {
  take(Milliseconds(1), false);
  EXPECT_FALSE(bench_.shard().had_deadlines());
  take(Milliseconds(1));
  EXPECT_TRUE(bench_.shard().had_deadlines());
  take(Milliseconds(1), false);
  EXPECT_FALSE(bench_.shard().had_deadlines());
}

TEST_F(ShardOverload, WhileAQueueStandsWhatHasWaitedForAQuarterIsRefusedAndTheRestIsShort) {
  queue_stands();
  const std::size_t before = lists(), refused_before = refused();
  take(Milliseconds(21));
  EXPECT_EQ(lists(), before);
  EXPECT_EQ(refused(), refused_before + 1);
  take(Milliseconds(15));
  EXPECT_EQ(lists(), before + 1);
  EXPECT_TRUE(last_list_was_short());
}

TEST_F(ShardOverload, WhoNamesNoDeadlineIsAnswered) {
  queue_stands();
  const std::size_t before = lists();
  take(Milliseconds(5000), false);
  EXPECT_EQ(lists(), before + 1);
  EXPECT_FALSE(last_list_was_short());
}

TEST_F(ShardOverload, WhatIsLongOnItsWayToUsIsNoQueue) {
  for (int i = 0; i < 20; ++i) take(Milliseconds(1), true, Milliseconds(60));
  EXPECT_EQ(lists(), 20u);
  EXPECT_EQ(refused(), 0u);
  EXPECT_FALSE(last_list_was_short());
}

}  // namespace
}  // namespace riffle::pipeline
