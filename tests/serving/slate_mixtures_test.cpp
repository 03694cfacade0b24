#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "serving/slate.h"
#include "tests/serving/chi_square.h"
#include "tests/serving/small_choice.h"

namespace riffle::serving {
namespace {

// λ is drawn, and the whole list made with it: every list by enumeration under every λ.
class SlateMixtures : public testing::TestWithParam<Kinds> {};

TEST_P(SlateMixtures, OfWeightsHaveTheirPropensitiesByEnumerationAndByFrequency) {
  Small small(5);
  set_kinds(small, GetParam());
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

INSTANTIATE_TEST_SUITE_P(OfEveryExplorer, SlateMixtures, testing::ValuesIn(mixed_kinds()), name_of_kinds);

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

}  // namespace
}  // namespace riffle::serving
