#include "evaluation/time_slices.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace riffle::evaluation {
namespace {

Stats one_round(double reward) {
  Stats stats{};
  stats[kRounds] = 1;
  stats[kReward] = reward;
  return stats;
}

Stats total_of(const std::vector<Stats>& groups) {
  Stats total{};
  for (const Stats& group : groups)
    for (std::size_t i = 0; i < kStats; ++i) total[i] += group[i];
  return total;
}

TEST(TimeSlices, OfAnHourAreMinutes) {
  TimeSlices slices;
  for (int i = 0; i < 60 * 10; ++i)
    slices.add(from_ms(1'760'000'040'000 + i * 6'000LL), static_cast<std::uint64_t>(i % 7), one_round(i < 300 ? 1 : 0));
  EXPECT_EQ(slices.width(), Milliseconds(60'000));
  const auto by_time = slices.slices();
  EXPECT_EQ(by_time.size(), 60U);
  for (const auto& [from, groups] : by_time) {
    EXPECT_EQ(from % 60'000, 0);
    EXPECT_EQ(total_of(groups)[kRounds], 10);
    EXPECT_EQ(total_of(groups)[kReward], from < 1'760'000'040'000 + 30 * 60'000 ? 10 : 0);
    EXPECT_LE(groups.size(), 7U);
  }
}

// Memory does not grow, and nothing is lost, whatever the times and their order.
TEST(TimeSlices, OfAnyLogAreAtMostSixtyFour) {
  for (const std::int64_t span : {1LL, 3'600'000LL, 86'400'000LL * 400, 8'640'000'000'000'000LL}) {
    TimeSlices slices;
    Rng rng(5);
    double rewards = 0;
    for (int i = 0; i < 3000; ++i) {
      const std::int64_t time = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(2 * span))) - span;
      rewards += i % 3;
      slices.add(from_ms(time), rng(), one_round(i % 3));
    }
    const auto by_time = slices.slices();
    EXPECT_LE(by_time.size(), TimeSlices::kMost);
    double rounds = 0, kept = 0;
    for (const auto& [from, groups] : by_time) {
      EXPECT_EQ(from % slices.width().count(), 0);
      rounds += total_of(groups)[kRounds];
      kept += total_of(groups)[kReward];
    }
    EXPECT_EQ(rounds, 3000);
    EXPECT_EQ(kept, rewards);
  }
}

TEST(TimeSlices, OfALogWithoutTimesAreNone) { EXPECT_TRUE(TimeSlices().slices().empty()); }

}  // namespace
}  // namespace riffle::evaluation
