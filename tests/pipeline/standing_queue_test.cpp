#include "pipeline/standing_queue.h"

#include <gtest/gtest.h>

namespace riffle::pipeline {
namespace {

constexpr Milliseconds kDeadline{80};

class StandingQueueTest : public testing::Test {
 protected:
  // A turn every 10 ms for so long, both ends included.
  void turns(Milliseconds span, bool leave_some) {
    for (const TimePoint end = now_ + span; now_ <= end; now_ += Milliseconds(10)) queue_.note(now_, leave_some);
  }
  StandingQueue queue_;
  TimePoint now_ = from_ms(1'000'000);
};

TEST_F(StandingQueueTest, WithoutAQueueADeadlineIsTheLimit) {
  turns(Milliseconds(1000), false);
  EXPECT_FALSE(queue_.stands());
  EXPECT_EQ(queue_.patience(kDeadline), kDeadline);
}

TEST_F(StandingQueueTest, BurstsThatDrainWithinASpanAreNoOverload) {
  for (int i = 0; i < 10; ++i) {
    turns(StandingQueue::kSpan - Milliseconds(10), true);
    EXPECT_FALSE(queue_.stands()) << i;
    turns(Milliseconds(0), false);
  }
}

TEST_F(StandingQueueTest, WhenSomeWaitForASpanPatienceIsAQuarterOfADeadline) {
  turns(StandingQueue::kSpan, true);
  EXPECT_TRUE(queue_.stands());
  EXPECT_EQ(queue_.patience(kDeadline), Milliseconds(20));
  EXPECT_EQ(queue_.patience(Milliseconds(4000)), Milliseconds(1000)) << "who allows more waits for longer";
}

TEST_F(StandingQueueTest, ItStandsUntilNoneHaveWaitedForASpan) {
  turns(StandingQueue::kSpan, true);
  for (int i = 0; i < 10; ++i) {
    turns(StandingQueue::kSpan - Milliseconds(10), false);
    EXPECT_TRUE(queue_.stands()) << "that few are left is what refusing does";
    turns(Milliseconds(0), true);
  }
  turns(StandingQueue::kSpan, false);
  EXPECT_FALSE(queue_.stands());
}

TEST_F(StandingQueueTest, AfterASpanWithoutRequestsThereIsNoQueue) {
  turns(StandingQueue::kSpan, true);
  ASSERT_TRUE(queue_.stands());
  now_ += StandingQueue::kSpan;
  queue_.note(now_, true);
  EXPECT_FALSE(queue_.stands());
}

}  // namespace
}  // namespace riffle::pipeline
