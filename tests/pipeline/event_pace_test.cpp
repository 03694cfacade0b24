#include "pipeline/event_pace.h"

#include <gtest/gtest.h>

namespace riffle::pipeline {
namespace {

using std::chrono::milliseconds;

class EventPaceTest : public testing::Test {
 protected:
  // Rounds of 10 ms, 2 ms of each with events.
  void rounds(int count, milliseconds processor, bool paced = true) {
    for (int i = 0; i < count; ++i) pace_.round(now_ += milliseconds(10), milliseconds(10), processor, milliseconds(2), paced);
  }
  EventPace pace_;
  EventPace::Time now_ = EventPace::Time(std::chrono::hours(1));
};

TEST_F(EventPaceTest, EventsDoNotRestWhereTheProcessorIsThere) {
  rounds(100, milliseconds(9));
  EXPECT_EQ(pace_.share(), 1);
  EXPECT_FALSE(pace_.rests(now_));
}

TEST_F(EventPaceTest, EventsRestMoreAndMoreWhileTheProcessorIsWantedElsewhere) {
  rounds(2, milliseconds(5));
  EXPECT_DOUBLE_EQ(pace_.share(), .8);
  EXPECT_TRUE(pace_.rests(now_));
  EXPECT_EQ(pace_.until() - now_, std::chrono::microseconds(500)) << "2 ms of events, a fifth of 2.5 without";
  rounds(100, milliseconds(5));
  EXPECT_EQ(pace_.share(), EventPace::kLeast) << "and never stop";
  EXPECT_EQ(pace_.until() - now_, milliseconds(18));
}

TEST_F(EventPaceTest, TheyRestLessWhenItIsThereAgain) {
  rounds(100, milliseconds(5));
  rounds(100, milliseconds(10));
  EXPECT_EQ(pace_.share(), 1);
  EXPECT_FALSE(pace_.rests(now_));
}

TEST_F(EventPaceTest, NoRestIsLong) {
  rounds(100, milliseconds(5));
  pace_.round(now_, milliseconds(10), milliseconds(5), milliseconds(8), true);
  EXPECT_EQ(pace_.until(), now_ + EventPace::kLongestRest);
}

TEST_F(EventPaceTest, WithoutRequestsOrABacklogNothingRests) {
  rounds(100, milliseconds(5));
  ASSERT_TRUE(pace_.rests(now_));
  rounds(1, milliseconds(5), false);
  EXPECT_FALSE(pace_.rests(now_));
  EXPECT_EQ(pace_.share(), 1);
}

TEST_F(EventPaceTest, ARoundWithoutEventsDoesNotLengthenTheRest) {
  rounds(10, milliseconds(5));
  const auto until = pace_.until();
  pace_.round(now_ + milliseconds(1), milliseconds(1), milliseconds(1), milliseconds(0), true);
  EXPECT_EQ(pace_.until(), until);
}

}  // namespace
}  // namespace riffle::pipeline
