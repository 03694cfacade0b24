#include "learner/weight_bandit.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learner/weights_fixture.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of the fixtures
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<double> kGrid{0, .1, .2, .4};

WeightOptions bandit_options() { return {.kind = "bandit", .grid = kGrid, .prior_lists = 200}; }

double sum_of(const std::vector<double>& p) { return std::accumulate(p.begin(), p.end(), 0.0); }

std::size_t likeliest(const std::vector<double>& p) {
  return static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
}

// Random lists' revisions, with a weight of each that is unsure who made it.
std::vector<std::vector<pb::Outcome>> weighed_stories(Rng& rng, int count) {
  std::vector<std::vector<pb::Outcome>> stories;
  for (int i = 0; i < count; ++i) {
    auto revisions = story(rng, "u" + std::to_string(i % 9), static_cast<std::uint64_t>(i / 9), kStartMs + i * 3'600'000LL);
    std::vector<double> p, slate;
    for (std::size_t a = 0; a < kGrid.size(); ++a) p.push_back(.1 + rng.uniform()), slate.push_back(rng.uniform());
    const double sum = sum_of(p);
    for (double& share : p) share /= sum;
    for (pb::Outcome& revision : revisions) weigh(revision, kGrid, p, slate);
    stories.push_back(std::move(revisions));
  }
  return stories;
}

TEST(WeightBandit, LearningByRevisionsEqualsWaiting) {
  Rng rng(3);
  const auto stories = weighed_stories(rng, 120);
  WeightBandit at_once(bandit_options()), waited(bandit_options());
  for (const pb::Outcome& revision : interleaved(rng, stories)) at_once.learn(revision);
  for (const auto& revisions : stories) waited.learn(last_state(revisions));
  pb::WeightState one, other;
  ASSERT_TRUE(one.ParseFromString(at_once.save()));
  ASSERT_TRUE(other.ParseFromString(waited.save()));
  ASSERT_EQ(one.bandit().segments_size(), 3);
  ASSERT_EQ(other.bandit().segments_size(), 3);
  // A list counts at its first exposure: the forgetting's reference may be another list's.
  const auto scale = [](const pb::WeightBanditState& state) {
    return std::exp2(static_cast<double>(state.reference_ms() - kStartMs) / static_cast<double>(state.half_life_ms()));
  };
  const double a = scale(one.bandit()), b = scale(other.bandit());
  for (int i = 0; i < 3; ++i) {
    const auto& left = one.bandit().segments(i);
    const auto& right = other.bandit().segments(i);
    const auto near = [&](double x, double y) { EXPECT_NEAR(x * a, y * b, 1e-9 * (1 + std::abs(y * b))); };
    for (int k = 0; k < left.gram_size(); ++k) near(left.gram(k), right.gram(k));
    for (int k = 0; k < left.moment_size(); ++k) near(left.moment(k), right.moment(k));
    for (int k = 0; k < left.surprise_size(); ++k) near(left.surprise(k), right.surprise(k));
    near(left.count(), right.count());
    near(left.reward(), right.reward());
    near(left.squares(), right.squares());
  }
}

TEST(WeightBandit, SavedLoadedAndContinuedIsBitEqualToNotStopping) {
  Rng rng(4);
  const auto log = interleaved(rng, weighed_stories(rng, 150));
  WeightBandit straight(bandit_options());
  auto stopped = std::make_unique<WeightBandit>(bandit_options());
  for (std::size_t i = 0; i < log.size(); ++i) {
    straight.learn(log[i]);
    stopped->learn(log[i]);
    if (i % 37 != 0) continue;
    const std::string state = stopped->save();
    stopped = std::make_unique<WeightBandit>(bandit_options());
    ASSERT_TRUE(stopped->load(state).ok());
  }
  EXPECT_TRUE(straight.save() == stopped->save());
  for (const char* segment : {"segment 0", "segment 1", "segment 2", "another"})
    EXPECT_EQ(probabilities(*straight.weights(), segment), probabilities(*stopped->weights(), segment));
  EXPECT_EQ(probabilities(**make_weights(straight.save(), bandit_options()), "segment 0"),
            probabilities(*straight.weights(), "segment 0"));
}

TEST(WeightBandit, KnowsNothingBeforeTheFirstListAndAlwaysLeavesEveryWeightSomething) {
  WeightBandit bandit(bandit_options());
  EXPECT_THAT(probabilities(*bandit.weights(), "s"), ElementsAre(.25, .25, .25, .25));
  Rng rng(1);
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const std::size_t drawn = i % 4;
    bandit.learn(list_of(i, "s", kGrid, {.25, .25, .25, .25}, drawn, drawn == 1 ? 1 : 0));
  }
  const auto p = probabilities(*bandit.weights(), "s");
  EXPECT_NEAR(sum_of(p), 1, 1e-9);
  EXPECT_NEAR(p[1], 1 - .75 * WeightBandit::kUniform, 1e-9);
  EXPECT_NEAR(p[0], WeightBandit::kUniform / 4, 1e-9);
}

// Rewards rise while the probabilities move from the best weight to the worst: means by weight would prefer the worst.
TEST(WeightBandit, IsNotLedByWhatChangesOverTime) {
  const std::vector<double> worth{0, .1, 0, 0};
  Rng rng(7);
  WeightBandit bandit(bandit_options());
  std::vector<double> sums(4, 0), counts(4, 0);
  constexpr int kLists = 20000;
  for (int i = 0; i < kLists; ++i) {
    const double time = static_cast<double>(i) / kLists;
    const std::vector<double> p{.1, .7 - .6 * time, .1, .1 + .6 * time};
    const std::size_t drawn = draw_of(p, rng);
    const double reward = rng.uniform() < .1 + .7 * time + worth[drawn] ? 1 : 0;
    sums[drawn] += reward, counts[drawn] += 1;
    bandit.learn(list_of(static_cast<std::uint64_t>(i), "s", kGrid, p, drawn, reward));
  }
  EXPECT_GT(sums[3] / counts[3], sums[1] / counts[1] + .05);
  EXPECT_GT(probabilities(*bandit.weights(), "s")[1], .95);
}

TEST(WeightBandit, FindsTheBestWeightOfEverySegmentByItsOwnDoing) {
  Rng rng(8);
  WeightBandit bandit(bandit_options());
  const std::vector<std::vector<double>> rates{{.2, .2, .2, .5}, {.7, .5, .4, .4}};
  double drawn_best = 0;
  constexpr int kLists = 6000;
  std::vector<std::vector<double>> p(2, std::vector<double>(4, .25));
  for (int i = 0; i < kLists; ++i) {
    const std::size_t segment = rng.below(2);
    if (i % 100 == 0)
      for (const std::size_t s : {0, 1}) p[s] = probabilities(*bandit.weights(), "segment " + std::to_string(s));
    const std::size_t drawn = draw_of(p[segment], rng);
    if (i >= kLists / 2) drawn_best += drawn == (segment == 0 ? 3U : 0U);
    bandit.learn(list_of(static_cast<std::uint64_t>(i), "segment " + std::to_string(segment), kGrid, p[segment], drawn,
                         rng.uniform() < rates[segment][drawn] ? 1 : 0));
  }
  EXPECT_GT(drawn_best, .9 * kLists / 2);
}

TEST(WeightBandit, ASegmentNeverSeenBeginsWithWhatAllOthersTell) {
  Rng rng(9);
  WeightBandit bandit(bandit_options());
  const std::vector<double> even(4, .25);
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const std::size_t drawn = rng.below(4);
    bandit.learn(list_of(i, "segment " + std::to_string(i % 5), kGrid, even, drawn, rng.uniform() < (drawn == 2 ? .6 : .3) ? 1 : 0));
  }
  const auto known = probabilities(*bandit.weights(), "segment 1"), fresh = probabilities(*bandit.weights(), "a new one");
  EXPECT_GT(fresh[2], .9);
  EXPECT_GE(known[2], fresh[2]);  // less is certain of who was never seen
  // What it does itself counts more the more it is.
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const std::size_t drawn = rng.below(4);
    bandit.learn(list_of(i, "a new one", kGrid, even, drawn, rng.uniform() < (drawn == 0 ? .9 : .3) ? 1 : 0));
  }
  EXPECT_EQ(likeliest(probabilities(*bandit.weights(), "a new one")), 0U);
  EXPECT_EQ(likeliest(probabilities(*bandit.weights(), "segment 1")), 2U);
}

TEST(WeightBandit, ListsThatEveryWeightMakesAlikeTeachNothing) {
  WeightBandit bandit(bandit_options());
  Rng rng(2);
  for (std::uint64_t i = 0; i < 3000; ++i) {
    pb::Outcome list = list_of(i, "s", kGrid, {.7, .1, .1, .1}, 0, rng.uniform() < .5 ? 1 : 0);
    weigh(list, kGrid, {.7, .1, .1, .1}, {.01, .01, .01, .01});
    bandit.learn(list);
  }
  for (const double p : probabilities(*bandit.weights(), "s")) EXPECT_NEAR(p, .25, .15);
}

TEST(WeightBandit, LeavesOutWhatItCannotLearnFrom) {
  WeightBandit bandit(bandit_options());
  const std::string nothing = bandit.save();
  const std::vector<double> even(4, .25);
  const auto without = [&](auto&& change) {
    pb::Outcome list = list_of(1, "s", kGrid, even, 1, 1);
    change(list);
    bandit.learn(list);
    EXPECT_TRUE(bandit.save() == nothing);
  };
  without([](pb::Outcome& list) { list.clear_learned_weight(); });  // the request said its diversity
  without([](pb::Outcome& list) { list.mutable_learned_weight()->set_weights(1, .15); });  // of another grid
  without([](pb::Outcome& list) { list.mutable_learned_weight()->mutable_weights()->RemoveLast(); });
  without([](pb::Outcome& list) { list.mutable_learned_weight()->mutable_log_slates()->RemoveLast(); });
  without([](pb::Outcome& list) { list.mutable_learned_weight()->set_probabilities(0, .5); });
  without([](pb::Outcome& list) { list.mutable_learned_weight()->set_probabilities(0, -.25); });
  without([](pb::Outcome& list) { list.mutable_learned_weight()->set_log_slates(0, std::nan("")); });
  without([](pb::Outcome& list) { list.mutable_learned_weight()->set_log_slates(0, 3); });
  without([](pb::Outcome& list) {  // none of them could have made it
    list.mutable_learned_weight()->set_log_slates(1, -std::numeric_limits<double>::infinity());
  });
  without([](pb::Outcome& list) {  // nobody has seen it
    list.mutable_slots(0)->set_exposed(false);
    list.mutable_slots(0)->set_newly_exposed(false);
  });
  bandit.learn(list_of(1, "s", kGrid, even, 1, 1));
  EXPECT_FALSE(bandit.save() == nothing);
}

TEST(WeightBandit, SegmentsAreBoundedAndTheLeastShownGo) {
  WeightBandit bandit(bandit_options());
  const std::vector<double> even(4, .25);
  for (std::uint64_t i = 0; i < 50; ++i) bandit.learn(list_of(i, "often", kGrid, even, i % 4, 1));
  for (std::uint64_t i = 0; i < 2 * kMostSegments; ++i)
    bandit.learn(list_of(i, "segment " + std::to_string(i), kGrid, even, i % 4, 1));
  EXPECT_LE(bandit.weights()->segments(), kMostSegments);
  EXPECT_GT(bandit.incidents().at(0).count, 0U);
  pb::WeightState state;
  ASSERT_TRUE(state.ParseFromString(bandit.save()));
  EXPECT_TRUE(std::any_of(state.bandit().segments().begin(), state.bandit().segments().end(),
                          [](const auto& segment) { return segment.segment_key() == stable_hash("often"); }));
}

TEST(WeightBandit, RefusesABrokenStateAndBeginsAnewWithAnothersOrAnotherGrids) {
  WeightBandit bandit(bandit_options());
  bandit.learn(list_of(1, "s", kGrid, {.25, .25, .25, .25}, 1, 1));
  const std::string good = bandit.save();
  const auto refused = [&](auto&& change) {
    pb::WeightState state;
    ASSERT_TRUE(state.ParseFromString(good));
    change(*state.mutable_bandit());
    EXPECT_EQ(bandit.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(bandit.save() == good) << "nothing is changed";
  };
  EXPECT_FALSE(bandit.load(good.substr(0, good.size() - 3)).ok());
  refused([](pb::WeightBanditState& state) { state.mutable_segments(0)->set_count(-1); });
  refused([](pb::WeightBanditState& state) { state.mutable_segments(0)->set_reward(std::nan("")); });
  refused([](pb::WeightBanditState& state) { state.mutable_segments(0)->set_gram(0, -1); });
  refused([](pb::WeightBanditState& state) { state.mutable_segments(0)->add_moment(0); });
  refused([](pb::WeightBanditState& state) { *state.add_segments() = state.segments(0); });
  refused([](pb::WeightBanditState& state) { state.set_reference_ms(-1); });

  WeightOptions other = bandit_options();
  other.grid = {0, .5};
  const auto anew = make_weights(good, other);
  ASSERT_TRUE(anew.ok());
  EXPECT_THAT(probabilities(**anew, "s"), ElementsAre(.5, .5));
  const auto target = make_weights(good, {.kind = "target", .first = .3});
  ASSERT_TRUE(target.ok());
  EXPECT_THAT(probabilities(**target, "s"), ElementsAre(1));
}

TEST(DiversityWeights, ExploringLessPrefersTheLikeliestWeight) {
  const DiversityWeights weights({{0, .2}, {.5, .7}, {1, .1}}, {});
  std::vector<WeightArm> arms;
  weights.arms("s", .5, arms);
  EXPECT_DOUBLE_EQ(arms[0].probability, .1);
  EXPECT_DOUBLE_EQ(arms[1].probability, .85);
  weights.arms("s", 0, arms);
  EXPECT_EQ(arms[1].probability, 1);
  EXPECT_EQ(arms[0].probability, 0);
}

TEST(DiversityWeights, OptionsThatCannotBeAreSaid) {
  const auto said = [](const WeightOptions& options) { return std::string(make_weight_trainer(options).status().message()); };
  EXPECT_THAT(said({.kind = "none"}), HasSubstr("bandit or target"));
  EXPECT_THAT(said({.kind = "bandit", .grid = {}}), HasSubstr("the grid has 0 weights"));
  EXPECT_THAT(said({.kind = "bandit", .grid = {.1}}), HasSubstr("2 to 16"));
  EXPECT_THAT(said({.kind = "bandit", .grid = std::vector<double>(17, .1)}), HasSubstr("17 weights"));
  for (const std::vector<double>& grid : {std::vector<double>{0, 1.5}, {-.1, .5}, {.5, .5}, {.5, .1}, {0, std::nan("")}})
    EXPECT_THAT(said({.kind = "bandit", .grid = grid}), HasSubstr("[0, 1] and ascend"));
  EXPECT_THAT(said({.kind = "bandit", .prior_lists = 0}), HasSubstr("prior_lists"));
  for (const double target : {-.1, 1.1, std::nan("")})
    EXPECT_THAT(said({.kind = "target", .target = target}), HasSubstr("from 0 to 1"));
  EXPECT_THAT(said({.kind = "target", .step = 0}), HasSubstr("step"));
  EXPECT_THAT(said({.kind = "target", .distance = "colour"}), HasSubstr("category or title"));
}

}  // namespace
}  // namespace riffle::learner
