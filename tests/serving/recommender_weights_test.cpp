#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "features/join_outcome.h"
#include "learner/diversity_weights.h"
#include "serving/choice_log.h"
#include "tests/serving/chi_square.h"
#include "tests/serving/recommend_fixture.h"

namespace riffle::serving {
namespace {

using testing::ElementsAre;

TEST_F(Recommend, AWeightThatIsLearnedIsDrawnAndAllOfItIsLogged) {
  busy_shop();
  shop.policy.diversifier.adapt = {.kind = "bandit", .grid = {0, .3, .9}};
  const std::uint64_t segment = stable_hash(recommend(request_of("u1", 10)).segment());
  shop.version.weights = std::make_shared<const learner::DiversityWeights>(
      std::vector<learner::WeightArm>{{0, 1}, {.3, 0}, {.9, 0}},
      absl::flat_hash_map<std::uint64_t, std::vector<learner::WeightArm>>{{segment, {{0, .1}, {.3, .6}, {.9, .3}}}});
  options.full_log_share = 1;
  std::vector<std::size_t> drawn(3, 0);
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const pb::Decision decision = recommend(request_of("u1", 5), seed);
    const pb::LearnedWeight& learned = decision.learned_weight();
    ASSERT_THAT(learned.weights(), ElementsAre(0, .3, .9));
    ASSERT_THAT(learned.probabilities(), ElementsAre(.1, .6, .3));
    ASSERT_LT(learned.drawn(), 3U);
    ++drawn[learned.drawn()];
    EXPECT_EQ(decision.diversity(), learned.weights(static_cast<int>(learned.drawn())));
    double mixture = 0, product = 1;
    for (int a = 0; a < 3; ++a) mixture += learned.probabilities(a) * std::exp(learned.log_slates(a));
    for (const pb::Slot& slot : decision.slots()) product *= slot.propensity();
    EXPECT_NEAR(decision.slate_propensity() / mixture, 1, 1e-9);
    EXPECT_DOUBLE_EQ(decision.slate_propensity(), product);
    EXPECT_FALSE(learned.has_distance());
    if (seed > 20) continue;
    pb::Outcome outcome;  // made again from its log
    features::fill_outcome(decision, features::make_join(decision), features::make_join(decision), true, 1, Partition(0), outcome);
    LoggedChoice choice;
    ASSERT_EQ(choice.read(outcome), "");
    SlateBuilder builder;
    int slot = 0;
    builder.walk(choice.input(), [&](const Distribution& distribution, std::span<const std::uint32_t>) {
      const auto key = ItemKey(decision.slots(slot).item_key());
      const auto at = static_cast<std::uint32_t>(std::find(choice.keys().begin(), choice.keys().end(), key) - choice.keys().begin());
      EXPECT_NEAR(probability(distribution, at), decision.slots(slot).propensity(), 1e-9);
      ++slot;
      return at;
    });
  }
  EXPECT_LT(chi_square_deviations({.1, .6, .3}, drawn), 4);
}

TEST_F(Recommend, TheRequestsDiversityTakesTheLearnedWeightsPlaceAndNothingIsLoggedOfIt) {
  busy_shop();
  shop.policy.diversifier.adapt = {.kind = "bandit", .grid = {0, .3}};
  records::Request request = request_of("u1", 10);
  request.diversity = .75;
  const pb::Decision asked = recommend(request);
  EXPECT_FALSE(asked.has_learned_weight());
  EXPECT_EQ(asked.diversity(), .75);
  shop.policy.diversifier.adapt = {};
  EXPECT_EQ(asked.SerializeAsString(), recommend(request).SerializeAsString()) << "all is as where no weight is learned";
  // Nor where there is nothing to weigh.
  shop.policy.diversifier = {.kind = "none", .adapt = {.kind = "bandit"}};
  EXPECT_FALSE(recommend(request_of("u1", 10)).has_learned_weight());
}

TEST_F(Recommend, BeforeAnythingIsLearnedWeightsAreDrawnAlikeAndAGreedyListHasOne) {
  busy_shop();
  shop.policy.diversifier.adapt = {.kind = "bandit", .grid = {0, .3}};
  EXPECT_THAT(recommend(request_of("u1", 10)).learned_weight().probabilities(), ElementsAre(.5, .5));
  forget_policy = true;
  EXPECT_THAT(recommend(request_of("u1", 10)).learned_weight().probabilities(), ElementsAre(.5, .5));
  records::Request greedy = request_of("u1", 10);
  greedy.explore = 0;
  const pb::Decision decision = recommend(greedy);
  EXPECT_THAT(decision.learned_weight().probabilities(), ElementsAre(1, 0));
  EXPECT_EQ(decision.learned_weight().drawn(), 0U);
  EXPECT_NEAR(decision.slate_propensity(), 1, 1e-12);
}

TEST_F(Recommend, AWeightThatAimsAtADistanceLogsTheListsOwn) {
  busy_shop();
  shop.policy.diversifier.weight = .2;
  shop.policy.diversifier.adapt = {.kind = "target"};
  pb::Decision decision = recommend(request_of("u1", 10));
  EXPECT_THAT(decision.learned_weight().weights(), ElementsAre(.2));
  EXPECT_THAT(decision.learned_weight().probabilities(), ElementsAre(1));
  EXPECT_EQ(decision.diversity(), .2);
  double sum = 0;  // of paths of two levels
  const auto path = [](const pb::Slot& slot) {
    const int i = std::stoi(slot.item_id().substr(1));
    return std::pair(i % 5, i % 11);
  };
  for (int i = 0; i < 10; ++i)
    for (int j = 0; j < i; ++j) {
      const auto a = path(decision.slots(i)), b = path(decision.slots(j));
      sum += a.first != b.first ? 1 : a.second != b.second ? .5 : 0;
    }
  EXPECT_NEAR(decision.learned_weight().distance(), sum / 45, 1e-9);
  shop.policy.diversifier.adapt.distance = "title";  // "Title 7": one word of two in common
  decision = recommend(request_of("u1", 10));
  EXPECT_NEAR(decision.learned_weight().distance(), .5, 1e-6);
  EXPECT_FALSE(recommend(request_of("u1", 1)).learned_weight().has_distance());
}

}  // namespace
}  // namespace riffle::serving
