#include "serving/explorers/explorer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "serving/explorers/top.h"
#include "tests/serving/chi_square.h"

namespace riffle::serving {
namespace {

struct Choices {
  explicit Choices(std::vector<float> u) : utility(std::move(u)) {
    for (std::size_t i = 0; i < utility.size(); ++i) {
      keys.push_back(ItemKey(100 + i));
      allowed.push_back(static_cast<std::uint32_t>(i));
    }
  }
  SlotChoices slot(double slots_learned = 0) const {
    return {.utility = utility, .keys = keys, .allowed = allowed, .slots_learned = slots_learned,
            .draws = draws, .bonus = bonus, .widths = widths};
  }
  // A scorer that says how unsure it is.
  void doubt(Rng& rng, std::size_t draws_each) {
    for (const float u : utility) {
      widths.push_back(static_cast<float>(rng.uniform()));
      bonus.push_back(static_cast<float>(rng.below(3)) / 8);
      for (std::size_t s = 0; s < draws_each; ++s) draws.push_back(u + static_cast<float>(rng.below(8)) / 8);
    }
  }
  std::vector<float> utility;
  std::vector<ItemKey> keys;
  std::vector<std::uint32_t> allowed;
  std::vector<float> draws, bonus, widths;
};

Distribution distribution_of(const std::string& kind, const ExplorerOptions& options, const SlotChoices& slot) {
  Distribution distribution;
  make_explorer(kind)->distribute(options, slot, distribution);
  return distribution;
}

double sum_over(const Distribution& distribution, const std::vector<std::uint32_t>& allowed) {
  return std::accumulate(allowed.begin(), allowed.end(), 0.0,
                         [&](double sum, std::uint32_t item) { return sum + probability(distribution, item); });
}

TEST(Explorer, EveryDistributionSumsToOneOverWhatIsAllowedAndIsNowhereNegative) {
  Rng rng(5);
  for (const std::string_view kind : explorer_kinds()) {
    for (int round = 0; round < 300; ++round) {
      std::vector<float> utility;
      for (std::uint64_t i = 0; i <= rng.below(60); ++i) utility.push_back(static_cast<float>(rng.below(8)) / 8);
      Choices choices(utility);
      if (round % 2 == 0) choices.doubt(rng, rng.below(40));
      std::erase_if(choices.allowed, [&](std::uint32_t) { return rng.below(3) == 0; });
      if (choices.allowed.empty()) choices.allowed.push_back(0);
      ExplorerOptions options;
      options.top = 1 + rng.below(25);
      options.epsilon = rng.uniform();
      options.epsilon_start = rng.uniform();
      auto distribution = distribution_of(std::string(kind), options, choices.slot(1000 * rng.uniform()));
      scale_exploration(distribution, round % 3 == 0 ? 1.0 : rng.uniform());
      ASSERT_NEAR(sum_over(distribution, choices.allowed), 1, 1e-12) << kind << ", round " << round;
      for (const std::uint32_t item : choices.allowed) ASSERT_GE(probability(distribution, item), 0) << kind;
      for (const auto& [item, mass] : distribution.peaks)
        ASSERT_NE(std::find(choices.allowed.begin(), choices.allowed.end(), item), choices.allowed.end()) << kind;
    }
  }
}

TEST(Explorer, GreedyTakesTheBestAndAmongEqualsTheSmallerKey) {
  Choices choices({.2f, .7f, .7f, .1f});
  EXPECT_EQ(distribution_of("greedy", {}, choices.slot()).best, 1u);
  std::swap(choices.keys[1], choices.keys[2]);
  const auto distribution = distribution_of("greedy", {}, choices.slot());
  EXPECT_EQ(distribution.best, 2u);
  EXPECT_EQ(probability(distribution, 2), 1);
  EXPECT_EQ(probability(distribution, 1), 0);
}

TEST(Explorer, EpsilonSpreadsItsShareOverTheBestTooAndLeavesOutWhatIsNotAllowed) {
  Choices choices({.2f, .9f, .7f, .1f, .5f});
  choices.allowed = {0, 2, 3, 4};
  ExplorerOptions options;
  options.epsilon = .2;
  const auto distribution = distribution_of("epsilon", options, choices.slot());
  EXPECT_DOUBLE_EQ(probability(distribution, 2), .8 + .05);
  EXPECT_DOUBLE_EQ(probability(distribution, 0), .05);
}

// ε(t) = .1 + (.5 − .1)·2^(−t/100).
TEST(Explorer, EpsilonWearsOffWithWhatWasLearnedAndNeverBelowItsEnd) {
  const Choices choices({.2f, .9f});
  ExplorerOptions options;
  options.epsilon = .1;
  options.epsilon_start = .5;
  options.epsilon_half_life = 100;
  EXPECT_DOUBLE_EQ(probability(distribution_of("epsilon", options, choices.slot(0)), 0), .5 / 2);
  EXPECT_DOUBLE_EQ(probability(distribution_of("epsilon", options, choices.slot(100)), 0), .3 / 2);
  EXPECT_DOUBLE_EQ(probability(distribution_of("epsilon", options, choices.slot(200)), 0), .2 / 2);
  EXPECT_NEAR(probability(distribution_of("epsilon", options, choices.slot(1e9)), 0), .1 / 2, 1e-12);
  options.epsilon_start = .05;  // no schedule
  EXPECT_DOUBLE_EQ(probability(distribution_of("epsilon", options, choices.slot(0)), 0), .1 / 2);
}

// γ = 10·√4 = 20; m = 3: p = 1/(3 + 20·.25) = 1/8 and 1/(3 + 20·.5) = 1/13; the rest to the best; ε = .1 over four.
TEST(Explorer, SquareCbEqualsTheFormulaByHand) {
  const Choices choices({.5f, 0.f, 1.f, .75f});
  ExplorerOptions options;
  options.top = 3;
  options.epsilon = .1;
  const auto distribution = distribution_of("squarecb", options, choices.slot(4));
  EXPECT_DOUBLE_EQ(probability(distribution, 3), .9 / 8 + .025);
  EXPECT_DOUBLE_EQ(probability(distribution, 0), .9 / 13 + .025);
  EXPECT_DOUBLE_EQ(probability(distribution, 2), .9 * (1 - 1. / 8 - 1. / 13) + .025);
  EXPECT_DOUBLE_EQ(probability(distribution, 1), .025);
}

TEST(Explorer, SquareCbThatHasLearnedNothingIsUniformOverItsTop) {
  const Choices choices({.5f, 0.f, 1.f, .75f, .2f});
  ExplorerOptions options;
  options.top = 4;
  options.epsilon = 0;
  const auto distribution = distribution_of("squarecb", options, choices.slot(0));
  for (const std::uint32_t item : {0u, 2u, 3u, 4u}) EXPECT_DOUBLE_EQ(probability(distribution, item), .25);
  EXPECT_EQ(probability(distribution, 1), 0);
}

TEST(Explorer, SquareCbStopsGrowingBolderAtItsCap) {
  const Choices choices({.5f, 1.f});
  ExplorerOptions options;
  const auto at_cap = distribution_of("squarecb", options, choices.slot(1e4));
  const auto beyond = distribution_of("squarecb", options, choices.slot(1e9));
  EXPECT_EQ(probability(at_cap, 0), probability(beyond, 0));
  EXPECT_LT(probability(at_cap, 0), probability(distribution_of("squarecb", options, choices.slot(1e3)), 0));
}

// e^0 : e^-1 : e^-2 among the three best; ε = .1 over four.
TEST(Explorer, SoftmaxEqualsTheFormulaByHand) {
  const Choices choices({.5f, 0.f, 1.f, .75f});
  ExplorerOptions options;
  options.kind = "softmax";
  options.top = 3;
  options.epsilon = .1;
  options.temperature = .25;
  const auto distribution = distribution_of("softmax", options, choices.slot());
  const double sum = 1 + std::exp(-1) + std::exp(-2);
  EXPECT_NEAR(probability(distribution, 2), .9 / sum + .025, 1e-12);
  EXPECT_NEAR(probability(distribution, 3), .9 * std::exp(-1) / sum + .025, 1e-12);
  EXPECT_NEAR(probability(distribution, 0), .9 * std::exp(-2) / sum + .025, 1e-12);
  EXPECT_NEAR(probability(distribution, 1), .025, 1e-12);
}

TEST(Explorer, SoftmaxOfAnyTemperatureIsFinite) {
  const Choices choices({0.f, 1.f, 1.f});
  for (const double temperature : {1e-6, 1e6}) {
    ExplorerOptions options;
    options.temperature = temperature;
    options.epsilon = 0;
    const auto distribution = distribution_of("softmax", options, choices.slot());
    EXPECT_NEAR(probability(distribution, 0), temperature < 1 ? 0 : 1. / 3, 1e-6);
    EXPECT_NEAR(probability(distribution, 1), temperature < 1 ? .5 : 1. / 3, 1e-6);
  }
}

// Of four draws items 0 and 3 win two each, one of them by the smaller key; what is not allowed wins nothing.
TEST(Explorer, ThompsonGivesEachItemItsShareOfTheDraws) {
  Choices choices({.1f, .9f, .5f, .4f});
  choices.allowed = {0, 2, 3};
  choices.draws = {.1f, .6f, .5f, .0f,    // item 0
                   9.f, 9.f, 9.f, 9.f,    // 1: not allowed
                   .5f, .1f, .5f, .2f,    // 2
                   .4f, .2f, .1f, .1f};   // 3
  choices.bonus = {0, 0, 0, .2f};
  ExplorerOptions options;
  options.epsilon = .3;
  const auto distribution = distribution_of("thompson", options, choices.slot());
  EXPECT_EQ(distribution.best, 2u);
  EXPECT_NEAR(probability(distribution, 0), .7 * 2 / 4 + .1, 1e-12);  // draws 1 and 2
  EXPECT_NEAR(probability(distribution, 2), .1, 1e-12);
  EXPECT_NEAR(probability(distribution, 3), .7 * 2 / 4 + .1, 1e-12);  // draws 0 (.6) and 3 (.3), by its bonus
}

TEST(Explorer, WithoutASayOnDoubtThompsonAndTheOptimistsAreEpsilonGreedy) {
  const Choices choices({.2f, .9f, .7f, .1f});
  ExplorerOptions options;
  options.epsilon = .2;
  for (const char* kind : {"thompson", "regcb", "ucb1"}) {
    const auto distribution = distribution_of(kind, options, choices.slot(100));
    EXPECT_DOUBLE_EQ(probability(distribution, 1), .8 + .05) << kind;
    EXPECT_DOUBLE_EQ(probability(distribution, 3), .05) << kind;
  }
}

// ln(3·e²) = 3.0986, c₀ = .01: reach .17603; ucb1: √(2·2) = 2.
TEST(Explorer, OptimistsTakeWhatCouldBeBest) {
  Choices choices({.5f, .4f, .3f});
  choices.widths = {.0f, .55f, 1.2f};
  ExplorerOptions options;
  options.epsilon = 0;
  options.mellowness = .01;
  const double t = std::exp(2.0);
  EXPECT_EQ(probability(distribution_of("regcb", options, choices.slot(t)), 2), 1);   // .5, .4968, .5112
  choices.widths = {.0f, .6f, 1.1f};
  EXPECT_EQ(probability(distribution_of("regcb", options, choices.slot(t)), 1), 1);   // .5, .5056, .4936
  choices.widths = {.0f, .0f, .09f};
  EXPECT_EQ(probability(distribution_of("ucb1", options, choices.slot(t)), 0), 1);    // .5, .4, .48
  choices.widths = {.0f, .0f, .11f};
  const auto hopeful = distribution_of("ucb1", options, choices.slot(t));             // .5, .4, .52
  EXPECT_EQ(probability(hopeful, 2), 1);
  EXPECT_EQ(hopeful.best, 0u);  // the greedy choice, which explore = 0 falls back on
}

TEST(Explorer, TheDialMixesTheGreedyChoiceIn) {
  const Choices choices({.5f, 1.f});
  auto distribution = distribution_of("uniform", {}, choices.slot());
  scale_exploration(distribution, .4);
  EXPECT_DOUBLE_EQ(probability(distribution, 1), .6 + .4 * .5);
  EXPECT_DOUBLE_EQ(probability(distribution, 0), .4 * .5);
  scale_exploration(distribution, 0);
  EXPECT_DOUBLE_EQ(probability(distribution, 1), 1);
}

TEST(Explorer, DrawsAreAsFrequentAsTheProbabilitiesSay) {
  Choices choices({.5f, .1f, .9f, .85f, .3f, .31f, .32f});
  choices.allowed = {0, 1, 2, 3, 5, 6};
  Rng doubts(3);
  choices.doubt(doubts, 32);
  ExplorerOptions options;
  options.top = 4;
  options.epsilon = .2;
  options.temperature = .3;
  for (const std::string_view kind : explorer_kinds()) {
    for (const double explore : {1.0, .5}) {
      auto distribution = distribution_of(std::string(kind), options, choices.slot(3));
      scale_exploration(distribution, explore);
      std::vector<double> probabilities;
      for (std::uint32_t i = 0; i < 7; ++i)
        probabilities.push_back(i == 4 ? 0 : probability(distribution, i));
      std::vector<std::size_t> counts(7);
      Rng rng(17);
      for (int i = 0; i < 40000; ++i) ++counts[draw(distribution, choices.allowed, rng)];
      EXPECT_LT(chi_square_deviations(probabilities, counts), 4) << kind << " at explore " << explore;
    }
  }
}

TEST(TopSelector, PicksWhatSortingPicksTiesIncluded) {
  Rng rng(13);
  TopSelector selector;
  for (int round = 0; round < 2000; ++round) {
    std::vector<float> utility;
    const std::uint64_t levels = 1 + rng.below(round % 2 == 0 ? 6 : 100000);
    for (std::uint64_t i = 0; i <= rng.below(250); ++i)
      utility.push_back(static_cast<float>(rng.below(levels)) / static_cast<float>(levels));
    Choices choices(utility);
    for (ItemKey& key : choices.keys) key = ItemKey(rng());
    std::vector<std::uint32_t> sorted = choices.allowed;
    std::sort(sorted.begin(), sorted.end(),
              [&](std::uint32_t a, std::uint32_t b) { return is_better(choices.slot(), a, b); });
    const std::size_t m = 1 + rng.below(30);
    sorted.resize(std::min(m, sorted.size()));
    std::vector<std::uint32_t> top = selector.select(choices.slot(), m);
    ASSERT_EQ(top.front(), sorted.front());
    std::sort(top.begin(), top.end());
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(top, sorted) << "round " << round;
  }
}

TEST(Explorer, AnUnknownKindIsNotMade) { EXPECT_EQ(make_explorer("thompson?"), nullptr); }

}  // namespace
}  // namespace riffle::serving
