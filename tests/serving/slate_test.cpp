#include "serving/slate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/serving/chi_square.h"
#include "tests/serving/small_choice.h"

namespace riffle::serving {
namespace {

class SlatePropensities : public testing::TestWithParam<Kinds> {};

TEST_P(SlatePropensities, EqualEnumerationAndTheFrequenciesOfDraws) {
  Small small(6);
  set_kinds(small, GetParam());
  for (const double explore : {1.0, .6}) {
    small.explore = explore;
    std::map<std::vector<std::uint32_t>, double> lists;
    small.enumerate(3, {}, 1, lists);
    double total = 0;
    for (const auto& [list, mass] : lists) total += mass;
    ASSERT_NEAR(total, 1, 1e-9);

    std::map<std::vector<std::uint32_t>, std::size_t> seen;
    SlateBuilder builder;
    Rng rng(123);
    for (int draw = 0; draw < 20000; ++draw) {
      const Slate& slate = builder.fill(small.input(3), rng);
      const auto items = items_of(slate);
      if (seen[items]++ > 0) continue;
      ASSERT_TRUE(lists.contains(items));
      ASSERT_NEAR(slate.propensity / lists[items], 1, 1e-3);
      double product = 1;
      for (std::size_t k = 0; k < items.size(); ++k) {
        const auto exact = small.next({items.begin(), items.begin() + static_cast<std::ptrdiff_t>(k)});
        ASSERT_NEAR(slate.slots[k].propensity / exact.at(items[k]), 1, 1e-3) << "slot " << k;
        product *= slate.slots[k].propensity;
      }
      ASSERT_DOUBLE_EQ(slate.propensity, product);
    }
    std::vector<double> probabilities;
    std::vector<std::size_t> counts;
    for (const auto& [list, mass] : lists) {
      probabilities.push_back(mass);
      counts.push_back(seen[list]);
    }
    EXPECT_LT(chi_square_deviations(probabilities, counts), 4) << "explore " << explore;
  }
}

std::vector<Kinds> all_kinds() {
  std::vector<Kinds> all;
  for (const std::string_view explorer : explorer_kinds())
    for (const std::string_view diversifier : diversifier_kinds())
      for (const bool caps : {false, true})
        for (const std::size_t shortlist : {0, 2, 3}) all.push_back({std::string(explorer), std::string(diversifier), caps, shortlist});
  return all;
}

INSTANTIATE_TEST_SUITE_P(OfEveryExplorerAndDiversifier, SlatePropensities, testing::ValuesIn(all_kinds()), name_of_kinds);

// Two thousand candidates: nothing of them may be enumerated, but what each slot is drawn from sums to 1, and what is not listed
// is drawn as ε says.
TEST(Slate, AmongThousandsEverySlotsProbabilitiesSumToOneAndNothingIsWithoutAny) {
  Small small(2000);
  small.policy.caps = {{.depth = 1, .most = 2, .window = 3}};
  small.policy.explorer.epsilon = .1;
  for (const std::string_view explorer : explorer_kinds())
    for (const std::string_view diversifier : diversifier_kinds()) {
      SCOPED_TRACE(std::string(explorer) + " " + std::string(diversifier));
      small.policy.explorer.kind = explorer;
      small.policy.diversifier.kind = diversifier;
      small.policy.shortlist = 40;
      SlateBuilder builder;
      Rng rng(5);
      const Slate& slate = builder.walk(small.input(10), [&](const Distribution& distribution, std::span<const std::uint32_t> allowed) {
        double sum = 0, least = 1;
        for (const std::uint32_t candidate : allowed) {
          const double p = probability(distribution, candidate);
          sum += p;
          least = std::min(least, p);
        }
        EXPECT_NEAR(sum, 1, 1e-9);
        const double spread = explorer == "uniform" ? 1 : explorer == "greedy" ? 0 : .1;
        EXPECT_NEAR(least * static_cast<double>(allowed.size()), spread, 1e-9);
        return draw(distribution, allowed, rng);
      });
      EXPECT_EQ(slate.slots.size(), 10U);
    }
}

TEST(Slate, AShortlistThatHoldsAllChangesNothing) {
  for (const std::string_view explorer : explorer_kinds()) {
    Small small(50);
    small.policy.explorer.kind = explorer;
    small.policy.caps = {{.depth = 1, .most = 2, .window = 3}};
    SlateBuilder builder;
    Rng one(3), other(3);
    small.policy.shortlist = 0;
    const Slate without = builder.fill(small.input(8), one);
    small.policy.shortlist = 50;
    const Slate& with = builder.fill(small.input(8), other);
    EXPECT_EQ(items_of(with), items_of(without));
    EXPECT_EQ(with.propensity, without.propensity);
  }
}

// Of two twins the one that is not listed is drawn first: the other is like it, and says so.
TEST(Slate, WhatIsDrawnFromBeyondTheShortlistCountsForDiversityBelow) {
  Small small(8);
  small.policy.diversifier.kind = "dpp";
  small.policy.shortlist = 3;
  std::vector<std::uint32_t> ranked;
  for (std::uint32_t i = 0; i < 8; ++i) ranked.push_back(i);
  std::sort(ranked.begin(), ranked.end(), [&](std::uint32_t a, std::uint32_t b) { return small.scores[a] > small.scores[b]; });
  small.kernels[ranked[7]] = small.kernels[ranked[0]];
  SlateBuilder builder;
  std::size_t slot = 0;
  const Slate& slate = builder.walk(small.input(3), [&](const Distribution&, std::span<const std::uint32_t>) {
    return std::vector<std::uint32_t>{ranked[7], ranked[0], ranked[6]}[slot++];
  });
  EXPECT_NEAR(slate.slots[0].gain, 1, 1e-6);
  EXPECT_NEAR(slate.slots[1].gain, 0, 1e-2);
  EXPECT_NEAR(slate.slots[2].gain, naive_gain("dpp", small.kernels, {ranked[7]}, ranked[6]), 2e-2);  // a twin adds nothing
}

TEST(Slate, NeverListsAnItemTwiceAndStopsWhereCandidatesEnd) {
  Small small(7);
  SlateBuilder builder;
  Rng rng(2);
  for (int i = 0; i < 200; ++i) {
    const auto items = items_of(builder.fill(small.input(50), rng));
    EXPECT_EQ(items.size(), 7u);
    EXPECT_EQ(std::set<std::uint32_t>(items.begin(), items.end()).size(), 7u);
  }
}

TEST(Slate, OfNoCandidatesIsEmptyWithCertainty) {
  const Small small(0);
  SlateBuilder builder;
  Rng rng(2);
  const Slate& slate = builder.fill(small.input(10), rng);
  EXPECT_TRUE(slate.slots.empty());
  EXPECT_EQ(slate.propensity, 1);
  EXPECT_FALSE(slate.randomised);
}

TEST(Slate, CapsThatLeaveNothingAreLiftedAndItSaysSo) {
  Small small(6);
  small.policy.caps = {{.depth = 1, .most = 1, .window = 10}};
  SlateBuilder builder;
  Rng rng(2);
  EXPECT_FALSE(builder.fill(small.input(2), rng).caps_lifted);
  const Slate& slate = builder.fill(small.input(5), rng);
  EXPECT_TRUE(slate.caps_lifted);
  EXPECT_EQ(slate.slots.size(), 5u);
  EXPECT_EQ(slate.slots[1].allowed, 3u);
  EXPECT_EQ(slate.slots[2].allowed, 4u);
}

TEST(Slate, CapsHoldInEveryWindowWhileTheyCan) {
  Small small(20);
  small.policy.caps = {{.depth = 1, .most = 2, .window = 4}};
  SlateBuilder builder;
  Rng rng(31);
  for (int round = 0; round < 300; ++round) {
    const Slate& slate = builder.fill(small.input(8), rng);
    ASSERT_FALSE(slate.caps_lifted);
    const auto items = items_of(slate);
    for (std::size_t first = 0; first + 4 <= items.size(); ++first) {
      std::size_t ones = 0;
      for (std::size_t k = first; k < first + 4; ++k) ones += small.paths[items[k]][0] == CategoryKey(1);
      ASSERT_EQ(ones, 2u);
    }
  }
}

TEST(Slate, TheScorerRandomDrawsUniformlyWhateverTheExplorer) {
  Small small(6);
  small.policy.scorer = "random";
  small.policy.explorer.kind = "greedy";
  SlateBuilder builder;
  Rng rng(4);
  const Slate& slate = builder.fill(small.input(3), rng);
  EXPECT_TRUE(slate.randomised);
  EXPECT_DOUBLE_EQ(slate.propensity, 1. / (6 * 5 * 4));
  small.explore = .5;
  EXPECT_FALSE(builder.fill(small.input(3), rng).randomised);
}

TEST(Slate, AHeavierDiversityWeightMakesGreedyListsMoreDiverse) {
  Small small(60, 5);
  small.policy.explorer.kind = "greedy";
  small.policy.diversifier.window = 5;  // of 8 slots
  for (const std::string kind : {"mmr", "dpp", "ssd"}) {
    small.policy.diversifier.kind = kind;
    SlateBuilder builder;
    Rng rng(4);
    const auto volume = [&](double weight) {
      SlateInput input = small.input(8);
      input.diversity = weight;
      return determinant_of(small.kernels, items_of(builder.fill(input, rng)));
    };
    EXPECT_GT(volume(1), 1.2 * volume(0)) << kind;
  }
}

TEST(Slate, EqualInputsAndEqualRandomNumbersGiveEqualLists) {
  const Small small(30);
  SlateBuilder first, second;
  Rng a(77), b(77);
  first.fill(small.input(20), a);  // scratch memory must not show
  second.fill(small.input(20), b);
  for (int i = 0; i < 20; ++i) {
    const auto one = items_of(first.fill(small.input(10), a));
    EXPECT_EQ(one, items_of(second.fill(small.input(10), b)));
  }
}

}  // namespace
}  // namespace riffle::serving
