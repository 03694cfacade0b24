#include "evaluation/slate_sampler.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluation/estimators.h"
#include "evaluation/logging_marginals.h"
#include "evaluation/targets/uniform_target.h"
#include "tests/evaluation/all_lists.h"
#include "tests/evaluation/served_lists.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kCandidates = 5, kSlots = 3;

// Five candidates, three slots, a diverse policy; all 60 lists that it could make.
class SmallChoice : public ::testing::Test {
 protected:
  void make(const serving::PolicyOptions& policy, std::uint64_t seed = 7) {
    Rng rng(seed);
    outcome_ = serve(policy, untrained(policy), {.candidates = kCandidates, .slots = kSlots}, rng);
    ASSERT_EQ(choice_.read(outcome_), "");
    lists_ = all_lists(choice_.input());
    marginals_ = exact_marginals(lists_, kSlots, kCandidates);
  }
  // An item's reward in a slot, whatever is above.
  static double reward(std::size_t slot, std::uint32_t candidate) {
    return 0.2 * (candidate + 1) / static_cast<double>(slot + 1);
  }

  pb::Outcome outcome_;
  serving::LoggedChoice choice_;
  std::vector<PossibleList> lists_;
  std::vector<std::vector<double>> marginals_;
};

TEST_F(SmallChoice, DrawnMarginalsAreThoseOfAllLists) {
  make(diverse_policy("popularity", "squarecb", "dpp"));
  double all = 0;
  for (const PossibleList& list : lists_) all += list.probability;
  EXPECT_NEAR(all, 1, 1e-12);
  SlateSampler sampler;
  SlateMarginals drawn;
  for (const PossibleList& list : lists_) {
    sampler.sample(choice_.input(), list.candidates, {round_of(outcome_)}, {.count = 2000, .seed = 5}, drawn);
    ASSERT_EQ(drawn.slots.size(), kSlots);
    EXPECT_EQ(drawn.slots[0].variance, 0) << "the first slot has nothing above";
    for (std::size_t k = 0; k < kSlots; ++k)
      EXPECT_NEAR(drawn.slots[k].probability, marginals_[k][list.candidates[k]],
                  5 * std::sqrt(drawn.slots[k].variance) + 1e-12);
  }
}

// A weight that is drawn: what a slot is drawn from depends on which weight the slots above let believe in.
TEST_F(SmallChoice, DrawnMarginalsOfALearnedWeightAreTheMixturesOfAllLists) {
  serving::PolicyOptions policy = diverse_policy("popularity", "squarecb", "dpp");
  policy.diversifier.adapt = {.kind = "bandit", .grid = {0, .3, 1}};
  make(policy);
  std::vector<std::vector<double>> mixed(kSlots, std::vector<double>(kCandidates, 0));
  for (const double weight : policy.diversifier.adapt.grid) {
    serving::SlateInput constant = choice_.input();
    ASSERT_EQ(constant.arms.size(), 3U);
    constant.arms = {};
    constant.diversity = weight;
    const auto one = exact_marginals(all_lists(constant), kSlots, kCandidates);
    for (std::size_t k = 0; k < kSlots; ++k)
      for (std::size_t i = 0; i < kCandidates; ++i) mixed[k][i] += one[k][i] / 3;
  }
  SlateSampler sampler;
  SlateMarginals drawn;
  for (const PossibleList& list : lists_) {
    sampler.sample(choice_.input(), list.candidates, {round_of(outcome_)}, {.count = 2000, .seed = 5}, drawn);
    for (std::size_t k = 0; k < kSlots; ++k) {
      EXPECT_NEAR(marginals_[k][list.candidates[k]], mixed[k][list.candidates[k]], 1e-9);
      EXPECT_NEAR(drawn.slots[k].probability, mixed[k][list.candidates[k]], 5 * std::sqrt(drawn.slots[k].variance) + 1e-9);
    }
  }
  LoggingMarginals logging;  // finds that the logged propensities are those that the log makes
  EXPECT_EQ(logging.find(round_of(outcome_), {.count = 10, .seed = 1}, drawn), "");
  outcome_.mutable_learned_weight()->set_probabilities(0, .1);
  outcome_.mutable_learned_weight()->set_probabilities(1, 1. / 3 + 1. / 3 - .1);
  EXPECT_NE(logging.find(round_of(outcome_), {.count = 10, .seed = 1}, drawn), "");
}

// The estimator's formula: with both policies' exact marginals it averages to the truth over all lists that the logging policy
// makes; with the slots' conditional propensities it does not.
TEST_F(SmallChoice, IipsAveragesToTheTruthOverAllLists) {
  make(diverse_policy("popularity", "squarecb", "dpp"));
  serving::PolicyOptions target = diverse_policy("popularity", "epsilon", "mmr");
  target.caps.clear();
  serving::SlateInput asked = choice_.input();
  asked.policy = &target;
  const auto asked_lists = all_lists(asked);
  const auto asked_marginals = exact_marginals(asked_lists, kSlots, kCandidates);
  serving::SlateBuilder builder;
  double truth = 0, by_marginals = 0, by_conditionals = 0;
  for (const PossibleList& list : asked_lists)
    for (std::size_t k = 0; k < kSlots; ++k) truth += list.probability * reward(k, list.candidates[k]);
  for (const PossibleList& list : lists_) {
    if (list.probability == 0) continue;
    const PossibleList as_asked = followed(builder, asked, list.candidates);
    std::vector<MarginalTerms> terms, conditional;
    for (std::size_t k = 0; k < kSlots; ++k) {
      const std::uint32_t item = list.candidates[k];
      terms.push_back({asked_marginals[k][item], marginals_[k][item], reward(k, item)});
      conditional.push_back({as_asked.conditional[k], list.conditional[k], reward(k, item)});
    }
    Stats stats{};
    add_marginals(terms, kMissing, {}, stats);
    by_marginals += list.probability * numerator(Estimator::kIips, stats);
    stats = {};
    add_marginals(conditional, kMissing, {}, stats);
    by_conditionals += list.probability * numerator(Estimator::kIips, stats);
  }
  EXPECT_NEAR(by_marginals, truth, 1e-12);
  EXPECT_GT(std::abs(by_conditionals - truth), 0.01 * truth);
}

// With the logged list among the drawn ones, f(a)/D̂(a) is on average Σ f(a), but for what all prefixes hold already; with
// prefixes of other lists alone it is off.
TEST_F(SmallChoice, TheLoggedListAmongTheDrawnOnesTakesTheBiasAway) {
  make(policy_of("popularity", "epsilon"));
  constexpr std::size_t kDraws = 3, kSeeds = 3000, kSlot = 1;
  double expected = 0, largest_above = 0;
  for (std::uint32_t a = 0; a < kCandidates; ++a) {
    const double above = marginals_[0][a];
    expected += reward(kSlot, a) * (1 - std::pow(above, kDraws + 1));
    largest_above = std::max(largest_above, above);
  }
  EXPECT_LT(largest_above, 0.9);
  SlateSampler sampler;
  SlateMarginals drawn;
  double with = 0, without = 0;
  for (const PossibleList& list : lists_) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const std::uint32_t item = list.candidates[kSlot];
      for (const bool with_logged : {true, false}) {
        sampler.sample(choice_.input(), list.candidates, {round_of(outcome_)}, {.count = kDraws, .seed = seed}, drawn, with_logged);
        if (drawn.slots[kSlot].probability == 0) continue;
        (with_logged ? with : without) += list.probability * reward(kSlot, item) / drawn.slots[kSlot].probability / kSeeds;
      }
    }
  }
  EXPECT_NEAR(with, expected, 0.01 * expected);
  EXPECT_GT(std::abs(without - expected), 0.03 * expected);
}

TEST_F(SmallChoice, AnEvenTargetUnderCapsHasTheMarginalsOfAllLists) {
  serving::PolicyOptions policy = diverse_policy("popularity", "squarecb", "dpp");
  make(policy);
  UniformTarget target;
  SlateMarginals drawn;
  ASSERT_EQ(target.marginals(round_of(outcome_), nullptr, 0, {.count = 4000, .seed = 3}, drawn), "");
  serving::SlateInput input = choice_.input();
  serving::PolicyOptions evenly = policy;
  evenly.explorer = {.kind = "uniform"};
  evenly.diversifier = {.kind = "none", .weight = 0};
  input.policy = &evenly;
  const auto exact = exact_marginals(all_lists(input), kSlots, kCandidates);
  std::vector<std::uint32_t> chosen;
  ASSERT_EQ(find_chosen(outcome_, chosen), "");
  for (std::size_t k = 0; k < kSlots; ++k)
    EXPECT_NEAR(drawn.slots[k].probability, exact[k][chosen[k]], 5 * std::sqrt(drawn.slots[k].variance) + 1e-12);
}

TEST_F(SmallChoice, WithoutCapsAnEvenTargetIsEvenInEverySlot) {
  make(policy_of("popularity", "squarecb"));
  SlateMarginals exact;
  ASSERT_EQ(UniformTarget().marginals(round_of(outcome_), nullptr, 0, {}, exact), "");
  for (const SlateMarginals::Slot& slot : exact.slots) {
    EXPECT_DOUBLE_EQ(slot.probability, 1.0 / kCandidates);
    EXPECT_EQ(slot.variance, 0);
  }
}

}  // namespace
}  // namespace riffle::evaluation
