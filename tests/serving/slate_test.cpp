#include "serving/slate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/serving/chi_square.h"
#include "tests/serving/kernels.h"

namespace riffle::serving {
namespace {

// A small choice, and its distribution worked out the long way.
struct Small {
  explicit Small(std::size_t count, std::uint64_t seed = 9) {
    Rng rng(seed);
    kernels = random_kernels(count, rng);
    tastes = {{CategoryKey(1), .3F}, {CategoryKey(2), .1F}, {CategoryKey(3), .2F}};
    Rng doubt(seed + 1);
    for (std::size_t i = 0; i < count; ++i) {
      keys.push_back(ItemKey(1000 - i));
      scores.push_back(static_cast<float>(.3 * rng.uniform()));
      paths.push_back({CategoryKey(1 + i % 2)});
      widths.push_back(static_cast<float>(.2 * doubt.uniform()));
      for (std::size_t s = 0; s < kDraws; ++s)
        draws.push_back(scores.back() + static_cast<float>(.2 * (doubt.uniform() - .5)));
    }
    for (const auto& path : paths) path_spans.emplace_back(path);
    kernel_pointers = pointers(kernels);
    policy.reward_ceiling = .25;
    policy.explorer.top = 3;
    policy.explorer.epsilon = .2;
    policy.diversifier.window = 2;  // shorter than the lists
  }

  double gain(const std::vector<std::uint32_t>& above, std::uint32_t item) const {
    return naive_gain(policy.diversifier, {kernels, paths, tastes}, above, item);
  }

  SlateInput input(std::size_t slots) const {
    return {.keys = keys, .scores = scores, .kernels = kernel_pointers, .category_paths = path_spans, .policy = &policy,
            .slots = slots, .explore = explore, .diversity = diversity, .slots_learned = 30, .draws = draws, .widths = widths,
            .tastes = tastes, .arms = arms};
  }

  bool capped(const std::vector<std::uint32_t>& above, std::uint32_t item) const {
    for (const CategoryCap& cap : policy.caps) {
      std::size_t same = 1;
      for (std::size_t back = 1; back < cap.window && back <= above.size(); ++back)
        same += paths[above[above.size() - back]][0] == paths[item][0];
      if (same > cap.most) return true;
    }
    return false;
  }

  std::vector<std::uint32_t> allowed_after(const std::vector<std::uint32_t>& above) const {
    std::vector<std::uint32_t> remaining, allowed;
    for (std::uint32_t i = 0; i < keys.size(); ++i)
      if (std::find(above.begin(), above.end(), i) == above.end()) remaining.push_back(i);
    for (const std::uint32_t i : remaining)
      if (!capped(above, i)) allowed.push_back(i);
    return allowed.empty() ? remaining : allowed;
  }

  // What of `allowed` stage one lists: the best of all candidates, and once nothing of them is left, the best of what is.
  std::vector<std::uint32_t> listed_after(const std::vector<std::uint32_t>& above) const {
    if (policy.shortlist == 0 || keys.size() <= policy.shortlist) return allowed_after(above);
    std::vector<std::uint32_t> listed, open;
    for (std::size_t slots = 0; slots <= above.size(); ++slots) {
      auto allowed = allowed_after({above.begin(), above.begin() + static_cast<std::ptrdiff_t>(slots)});
      const auto among_allowed = [&](std::uint32_t i) { return std::find(allowed.begin(), allowed.end(), i) != allowed.end(); };
      if (std::none_of(listed.begin(), listed.end(), among_allowed)) {
        listed = allowed;
        if (slots == 0)
          for (listed.clear(); listed.size() < keys.size();) listed.push_back(static_cast<std::uint32_t>(listed.size()));
        std::sort(listed.begin(), listed.end(), [&](std::uint32_t a, std::uint32_t b) {
          return scores[a] != scores[b] ? scores[a] > scores[b] : keys[a] < keys[b];
        });
        listed.resize(std::min(listed.size(), policy.shortlist));
      }
      open.clear();
      std::copy_if(listed.begin(), listed.end(), std::back_inserter(open), among_allowed);
    }
    std::sort(open.begin(), open.end());
    return open;
  }

  // P(item in the next slot | above), by item.
  std::map<std::uint32_t, double> next(const std::vector<std::uint32_t>& above) const {
    const std::vector<std::uint32_t> allowed = allowed_after(above), listed = listed_after(above);
    std::vector<std::pair<double, std::uint32_t>> ranked;
    for (const std::uint32_t i : listed) {
      const double relevance = std::clamp(static_cast<double>(scores[i]) / policy.reward_ceiling, 0.0, 1.0);
      ranked.emplace_back(-(relevance + diversity * gain(above, i)), i);
    }
    std::sort(ranked.begin(), ranked.end());
    std::map<std::uint32_t, double> p;
    const auto count = static_cast<double>(allowed.size());
    const ExplorerOptions& options = policy.explorer;
    if (options.kind == "greedy") p[ranked[0].second] = 1;
    if (options.kind == "uniform")
      for (const std::uint32_t i : allowed) p[i] = 1 / count;
    if (options.kind == "epsilon") {
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      p[ranked[0].second] += 1 - options.epsilon;
    }
    if (options.kind == "squarecb") {
      const std::size_t m = std::min(options.top, ranked.size());
      const double gamma = options.gamma_scale * std::sqrt(30.0);
      double rest = 1;
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      for (std::size_t k = 1; k < m; ++k) {
        const double mass = 1 / (static_cast<double>(m) + gamma * (ranked[k].first - ranked[0].first));
        p[ranked[k].second] += (1 - options.epsilon) * mass;
        rest -= mass;
      }
      p[ranked[0].second] += (1 - options.epsilon) * rest;
    }
    if (options.kind == "softmax") {
      const std::size_t m = std::min(options.top, ranked.size());
      double sum = 0;
      for (std::size_t k = 0; k < m; ++k) sum += std::exp(-ranked[k].first / options.temperature);
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      for (std::size_t k = 0; k < m; ++k)
        p[ranked[k].second] += (1 - options.epsilon) * std::exp(-ranked[k].first / options.temperature) / sum;
    }
    const auto best_by = [&](const auto& value) {
      return *std::max_element(listed.begin(), listed.end(),
                               [&](std::uint32_t a, std::uint32_t b) { return value(a) < value(b); });
    };
    const auto bonus = [&](std::uint32_t i) { return diversity * gain(above, i); };
    if (options.kind == "thompson") {
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      for (std::size_t s = 0; s < kDraws; ++s)
        p[best_by([&](std::uint32_t i) { return draws[i * kDraws + s] / policy.reward_ceiling + bonus(i); })] +=
            (1 - options.epsilon) / kDraws;
    }
    if (options.kind == "regcb" || options.kind == "ucb1") {
      const double reach = options.kind == "regcb" ? std::sqrt(options.mellowness * std::log(30 * static_cast<double>(listed.size())))
                                                   : std::sqrt(2 * std::log(30));
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      p[best_by([&](std::uint32_t i) {
        return std::clamp(scores[i] / policy.reward_ceiling, 0.0, 1.0) + bonus(i) + reach * widths[i];
      })] += 1 - options.epsilon;
    }
    for (auto& [i, mass] : p) mass *= explore;
    p[ranked[0].second] += 1 - explore;
    return p;
  }

  // Every list that can come out, with its probability.
  void enumerate(std::size_t slots, std::vector<std::uint32_t> above, double mass,
                 std::map<std::vector<std::uint32_t>, double>& lists) const {
    if (above.size() == std::min(slots, keys.size())) {
      lists[above] += mass;
      return;
    }
    for (const auto& [item, p] : next(above)) {
      std::vector<std::uint32_t> longer = above;
      longer.push_back(item);
      enumerate(slots, longer, mass * p, lists);
    }
  }

  std::vector<ItemKey> keys;
  std::vector<float> scores;
  static constexpr std::size_t kDraws = 16;
  std::vector<float> draws, widths;
  std::vector<features::KernelVector> kernels;
  std::vector<const features::KernelVector*> kernel_pointers;
  std::vector<std::vector<CategoryKey>> paths;
  std::vector<std::span<const CategoryKey>> path_spans;
  std::vector<CategoryShare> tastes;
  PolicyOptions policy;
  double explore = 1, diversity = .4;
  std::vector<learner::WeightArm> arms;
};

std::vector<std::uint32_t> items_of(const Slate& slate) {
  std::vector<std::uint32_t> items;
  for (const FilledSlot& slot : slate.slots) items.push_back(slot.candidate);
  return items;
}

struct Kinds {
  std::string explorer, diversifier;
  bool caps;
  std::size_t shortlist = 0;
};

class SlatePropensities : public testing::TestWithParam<Kinds> {};

TEST_P(SlatePropensities, EqualEnumerationAndTheFrequenciesOfDraws) {
  Small small(6);
  small.policy.explorer.kind = GetParam().explorer;
  small.policy.diversifier.kind = GetParam().diversifier;
  if (GetParam().caps) small.policy.caps = {{.depth = 1, .most = 1, .window = 2}};
  small.policy.shortlist = GetParam().shortlist;
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

INSTANTIATE_TEST_SUITE_P(OfEveryExplorerAndDiversifier, SlatePropensities, testing::ValuesIn(all_kinds()),
                         [](const auto& kinds) {
                           return kinds.param.explorer + "_" + kinds.param.diversifier +
                                  (kinds.param.caps ? "_caps" : "") +
                                  (kinds.param.shortlist > 0 ? "_of_the_best_" + std::to_string(kinds.param.shortlist) : "");
                         });

// λ is drawn, and the whole list made with it: every list by enumeration under every λ.
class SlateMixtures : public testing::TestWithParam<Kinds> {};

TEST_P(SlateMixtures, OfWeightsHaveTheirPropensitiesByEnumerationAndByFrequency) {
  Small small(5);
  small.policy.explorer.kind = GetParam().explorer;
  small.policy.diversifier.kind = GetParam().diversifier;
  if (GetParam().caps) small.policy.caps = {{.depth = 1, .most = 1, .window = 2}};
  small.policy.shortlist = GetParam().shortlist;
  const std::vector<learner::WeightArm> arms{{0, .5}, {.4, .3}, {1, .2}};
  std::vector<std::map<std::vector<std::uint32_t>, double>> under;
  std::map<std::vector<std::uint32_t>, double> prefixes;   // of every length, under the mixture
  for (const learner::WeightArm& arm : arms) {
    small.diversity = arm.weight;
    small.enumerate(3, {}, 1, under.emplace_back());
    for (const auto& [list, mass] : under.back())
      for (std::size_t k = 0; k <= 3; ++k)
        prefixes[{list.begin(), list.begin() + static_cast<std::ptrdiff_t>(k)}] += arm.probability * mass;
  }
  ASSERT_NEAR(prefixes.at({}), 1, 1e-9);
  small.arms = arms;
  SlateBuilder builder;
  Rng rng(321);
  std::map<std::pair<std::size_t, std::vector<std::uint32_t>>, std::size_t> filled;
  std::map<std::vector<std::uint32_t>, std::size_t> walked;
  const auto expect_exact = [&](const Slate& slate) {
    const auto items = items_of(slate);
    ASSERT_TRUE(prefixes.contains(items));
    EXPECT_NEAR(slate.propensity / prefixes.at(items), 1, 1e-3);
    for (std::size_t k = 0; k < items.size(); ++k) {
      const double above = prefixes.at({items.begin(), items.begin() + static_cast<std::ptrdiff_t>(k)});
      const double with = prefixes.at({items.begin(), items.begin() + static_cast<std::ptrdiff_t>(k + 1)});
      EXPECT_NEAR(slate.slots[k].propensity / (with / above), 1, 1e-3) << "slot " << k;
    }
    ASSERT_EQ(slate.log_propensities.size(), arms.size());
    double mixture = 0;
    for (std::size_t arm = 0; arm < arms.size(); ++arm) {
      const auto exact = under[arm].find(items);
      const double p = std::exp(slate.log_propensities[arm]);
      EXPECT_NEAR(p, exact == under[arm].end() ? 0 : exact->second, 1e-3 * p) << "under weight " << arms[arm].weight;
      mixture += arms[arm].probability * p;
    }
    EXPECT_NEAR(slate.propensity / mixture, 1, 1e-9);
  };
  for (int i = 0; i < 20000; ++i) {
    const Slate& slate = builder.fill(small.input(3), rng);
    const auto items = items_of(slate);
    if (filled[{slate.arm, items}]++ == 0) expect_exact(slate);
    const Slate& other = builder.walk(small.input(3), [&](const Distribution& distribution, std::span<const std::uint32_t> allowed) {
      return draw(distribution, allowed, rng);
    });
    if (walked[items_of(other)]++ == 0) expect_exact(other);
  }
  std::vector<double> probabilities, joint;
  std::vector<std::size_t> counts, joint_counts;
  for (const auto& [list, mass] : prefixes) {
    if (list.size() < 3) continue;
    probabilities.push_back(mass);
    counts.push_back(walked[list]);
    for (std::size_t arm = 0; arm < arms.size(); ++arm) {
      const auto exact = under[arm].find(list);
      joint.push_back(exact == under[arm].end() ? 0 : arms[arm].probability * exact->second);
      joint_counts.push_back(filled[{arm, list}]);
    }
  }
  EXPECT_LT(chi_square_deviations(probabilities, counts), 4) << "lists drawn from the mixture";
  EXPECT_LT(chi_square_deviations(joint, joint_counts), 4) << "weights and the lists that they made";
}

std::vector<Kinds> mixed_kinds() {
  std::vector<Kinds> all;
  for (const std::string_view explorer : explorer_kinds())
    for (const char* diversifier : {"mmr", "dpp", "calibration"})
      for (const bool caps : {false, true})
        for (const std::size_t shortlist : {0, 2}) all.push_back({std::string(explorer), diversifier, caps, shortlist});
  return all;
}

INSTANTIATE_TEST_SUITE_P(OfEveryExplorer, SlateMixtures, testing::ValuesIn(mixed_kinds()), [](const auto& kinds) {
  return kinds.param.explorer + "_" + kinds.param.diversifier + (kinds.param.caps ? "_caps" : "") +
         (kinds.param.shortlist > 0 ? "_of_the_best_" + std::to_string(kinds.param.shortlist) : "");
});

TEST(Slate, OneWeightOfProbabilityOneIsAConstantWeight) {
  Small small(30);
  SlateBuilder builder;
  Rng one(8), other(8);
  const Slate constant = builder.fill(small.input(10), one);
  small.arms = {{small.diversity, 1}};
  const Slate& learned = builder.fill(small.input(10), other);
  EXPECT_EQ(items_of(learned), items_of(constant));
  EXPECT_EQ(learned.propensity, constant.propensity);
  EXPECT_NEAR(learned.log_propensities.at(0), std::log(constant.propensity), 1e-9);
}

// A list of a thousand slots has a probability that no double holds; its logarithm is there.
TEST(Slate, OfManySlotsHasAFiniteLogarithmOfItsProbability) {
  Small small(1000);
  small.policy.explorer.kind = "uniform";
  small.arms = {{0, .5}, {1, .5}};
  SlateBuilder builder;
  Rng rng(8);
  const Slate& slate = builder.fill(small.input(1000), rng);
  EXPECT_NEAR(slate.log_propensities[0], -std::lgamma(1001), 1e-6 * std::lgamma(1001));
  EXPECT_EQ(slate.log_propensities[1], slate.log_propensities[0]);
}

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
