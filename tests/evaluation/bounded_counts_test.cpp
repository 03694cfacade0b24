#include "evaluation/bounded_counts.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace riffle::evaluation {
namespace {

TEST(DistinctCount, IsExactForFewAndWithinAFewPercentForMany) {
  DistinctCount count;
  for (std::uint64_t key = 1; key <= 4000; ++key) count.add(key), count.add(key);
  EXPECT_TRUE(count.exact());
  EXPECT_EQ(count.estimate(), 4000);
  for (std::uint64_t key = 1; key <= 300'000; ++key) count.add(key);
  EXPECT_FALSE(count.exact());
  EXPECT_NEAR(count.estimate(), 300'000, .06 * 300'000);  // about four standard errors
}

TEST(HeavyHitter, AFrequentKeyIsFoundAmongManyAndItsCountIsNeverTooHigh) {
  HeavyHitter hitter;
  Rng rng(1);
  int frequent = 0;
  for (int i = 0; i < 50'000; ++i) {
    const bool his = rng.uniform() < .2;
    frequent += his ? 1 : 0;
    hitter.add(his ? 7 : 1000 + rng());
  }
  EXPECT_LE(hitter.at_least(), frequent);
  EXPECT_GT(hitter.at_least(), .9 * frequent);
}

TEST(RecentRepeats, AKeyIsARepeatWhileItIsAmongTheLast) {
  RecentRepeats recent;
  EXPECT_FALSE(recent.add(1));
  EXPECT_TRUE(recent.add(1));
  for (std::uint64_t key = 2; key < 2 + RecentRepeats::kKept; ++key) EXPECT_FALSE(recent.add(key));
  EXPECT_FALSE(recent.add(1)) << "it is too long ago";
  EXPECT_TRUE(recent.add(RecentRepeats::kKept));
}

}  // namespace
}  // namespace riffle::evaluation
