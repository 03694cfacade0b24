#include "features/decay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/rng.h"

namespace riffle::features {
namespace {

using records::DecayedCounter;
constexpr Milliseconds kDay = std::chrono::hours(24);
constexpr std::int64_t kDayMs = 86'400'000;

TEST(Decay, ASumHalvesEveryHalfLife) {
  DecayedCounter counter;
  add(counter, 1, from_ms(1000), kDay);
  add(counter, 1, from_ms(1000 + kDayMs), kDay);
  EXPECT_DOUBLE_EQ(counter.value, 1.5);
  EXPECT_EQ(counter.time_ms, 1000 + kDayMs);
  EXPECT_DOUBLE_EQ(read(counter, from_ms(1000 + 3 * kDayMs), kDay), 0.375);
}

TEST(Decay, WhatComesLateIsWorthWhatItWouldBeByNow) {
  DecayedCounter counter;
  add(counter, 1, from_ms(2 * kDayMs), kDay);
  add(counter, 4, from_ms(0), kDay);
  EXPECT_DOUBLE_EQ(counter.value, 2);
  EXPECT_EQ(counter.time_ms, 2 * kDayMs);
}

TEST(Decay, TheOrderOfAddingDoesNotMatterButForRounding) {
  Rng rng(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::pair<double, std::int64_t>> parts;
    for (int i = 0; i < 30; ++i)
      parts.emplace_back(rng.uniform() * 5, static_cast<std::int64_t>(rng.below(20 * kDayMs)));
    const auto sum = [&] {
      DecayedCounter counter;
      for (const auto& [amount, ms] : parts) add(counter, amount, from_ms(ms), kDay);
      return read(counter, from_ms(21 * kDayMs), kDay);
    };
    const double first = sum();
    for (std::size_t i = parts.size() - 1; i > 0; --i) std::swap(parts[i], parts[rng.below(i + 1)]);
    EXPECT_NEAR(sum(), first, 1e-12 * first);
  }
}

TEST(Decay, NoGapOverflows) {
  DecayedCounter counter;
  add(counter, 1e300, from_ms(0), Milliseconds(1));
  add(counter, 1, from_ms(4'000'000'000'000), Milliseconds(1));
  EXPECT_DOUBLE_EQ(counter.value, 1);
  add(counter, 1e300, from_ms(0), Milliseconds(1));
  EXPECT_DOUBLE_EQ(counter.value, 1);
  EXPECT_EQ(read(counter, from_ms(-4'000'000'000'000), Milliseconds(1)), 1)
      << "a clock that is behind sees it as it is";
}

TEST(Decay, AHalfLifeOfZeroNeverForgets) {
  DecayedCounter counter;
  add(counter, 1, from_ms(0), Milliseconds(0));
  add(counter, 1, from_ms(1'000'000'000'000), Milliseconds(0));
  EXPECT_DOUBLE_EQ(read(counter, from_ms(2'000'000'000'000), Milliseconds(0)), 2);
}

TEST(Decay, LevelsOrderCountersOfDifferentTimesAsTheirValuesAtOneTime) {
  Rng rng(11);
  for (int i = 0; i < 1000; ++i) {
    const DecayedCounter a{rng.uniform() * 100,
                           static_cast<std::int64_t>(1'700'000'000'000 + rng.below(30 * kDayMs))};
    const DecayedCounter b{rng.uniform() * 100,
                           static_cast<std::int64_t>(1'700'000'000'000 + rng.below(30 * kDayMs))};
    const TimePoint later = from_ms(1'700'000'000'000 + 31 * kDayMs);
    EXPECT_EQ(level(a, kDay) > level(b, kDay), read(a, later, kDay) > read(b, later, kDay));
  }
  EXPECT_LT(level(DecayedCounter{-1, 0}, kDay), level(DecayedCounter{1e-300, 0}, kDay));
}

TEST(Decay, MergingIsAddingTheOthersParts) {
  DecayedCounter a, b, all;
  add(a, 1, from_ms(0), kDay), add(all, 1, from_ms(0), kDay);
  add(b, 2, from_ms(kDayMs), kDay), add(all, 2, from_ms(kDayMs), kDay);
  add(a, 3, from_ms(2 * kDayMs), kDay), add(all, 3, from_ms(2 * kDayMs), kDay);
  merge(a, b, kDay);
  EXPECT_DOUBLE_EQ(read(a, from_ms(2 * kDayMs), kDay), read(all, from_ms(2 * kDayMs), kDay));
  merge(a, DecayedCounter{}, kDay);
  EXPECT_DOUBLE_EQ(read(a, from_ms(2 * kDayMs), kDay), 4.25);
}

}  // namespace
}  // namespace riffle::features
