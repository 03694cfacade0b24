#include "learner/linear.h"

#include <cmath>
#include <limits>

#include <Eigen/Dense>
#include <gmock/gmock.h>

#include "learner/outcomes.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of outcomes.h

std::vector<float> weights_of(Trainer& trainer) {
  const auto scorer = std::dynamic_pointer_cast<const LinearScorer>(trainer.scorer());
  return {scorer->weights().begin(), scorer->weights().end()};
}

LinearOptions never_forgets() {
  LinearOptions options;
  options.half_life = Milliseconds(0);
  return options;
}

std::vector<std::vector<pb::Outcome>> stories(Rng& rng, std::size_t count, std::int64_t span_ms) {
  std::vector<std::vector<pb::Outcome>> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(story(rng, "u" + std::to_string(i % 20), i,
                         kStartMs + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(span_ms)))));
  return made;
}

TEST(Linear, LearningEveryRevisionAtOnceEqualsWaitingForTheLastInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rng rng(seed);
    const auto all = stories(rng, 120, 60 * kDayMs);
    LinearStatistics at_once{Milliseconds(kDayMs)};  // 60 half-lives: the reference moves on the way
    LinearStatistics waited{Milliseconds(kDayMs)};
    const auto learn = [](LinearStatistics& statistics, const pb::Outcome& o) {
      const double weight = statistics.weight_at(o.decision_ms());
      for (int k = 0; k < o.slots_size(); ++k)
        if (o.slots(k).exposed())
          statistics.add(static_cast<std::size_t>(k), o.slots(k).features().data(), weight, o.slots(k).newly_exposed(),
                         unlearned_reward(o.slots(k)), squares_grown_by(o.slots(k)), o.randomised());
    };
    for (const auto& revision : interleaved(rng, all)) learn(at_once, revision);
    auto shuffled = all;
    std::shuffle(shuffled.begin(), shuffled.end(), rng);
    for (const auto& revisions : shuffled) learn(waited, last_state(revisions));

    EXPECT_THAT(at_once.examination(20), ::testing::Pointwise(::testing::DoubleNear(1e-9), waited.examination(20)));
    const auto first = at_once.solve(1, 20), second = waited.solve(1, 20);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_THAT(first->weights, ::testing::Pointwise(::testing::DoubleNear(1e-9), second->weights));
    EXPECT_NEAR(first->noise, second->noise, 1e-9);
  }
}

TEST(Linear, TheTrainerScoresTheSameForRevisionsAsForTheLastState) {
  Rng rng(11);
  const auto all = stories(rng, 200, 30 * kDayMs);
  LinearTrainer at_once(LinearOptions{}), waited(LinearOptions{});
  for (const auto& revision : interleaved(rng, all)) at_once.learn(revision);
  for (const auto& revisions : all) waited.learn(last_state(revisions));
  EXPECT_EQ(at_once.slots_learned(), waited.slots_learned());
  EXPECT_GT(at_once.slots_learned(), 500U);
  EXPECT_THAT(weights_of(at_once), ::testing::Pointwise(::testing::FloatNear(1e-6F), weights_of(waited)));
}

TEST(Linear, ARewardOfASlotExposedLaterIsLearnedWholeWhenItIsExposed) {
  LinearTrainer trainer(never_forgets());
  auto first = outcome("u", 0);
  auto& hidden = add_slot(first, 1, 1.0, {1});
  hidden.set_exposed(false);
  hidden.set_newly_exposed(false);
  trainer.learn(first);
  EXPECT_EQ(trainer.slots_learned(), 0U);
  auto second = next_revision(first);  // previous_reward is 1 here, and nobody has learned it
  second.mutable_slots(0)->set_exposed(true);
  second.mutable_slots(0)->set_newly_exposed(true);
  trainer.learn(second);
  EXPECT_FLOAT_EQ(weights_of(trainer)[0], 0.5F);  // b = 1, A + ridge = 2
}

TEST(Linear, TheWeightsAreThoseOfARidgeRegression) {
  Rng rng(5);
  constexpr int kRows = 300;
  constexpr int kD = features::kFeatureCount;
  Eigen::MatrixXd x(kRows + kD, kD);
  Eigen::VectorXd y(kRows + kD);
  LinearOptions options = never_forgets();
  options.ridge = 2.5;
  LinearTrainer trainer(options);
  for (int i = 0; i < kRows; ++i) {
    std::vector<float> row(kD);
    for (int j = 0; j < kD; ++j) x(i, j) = row[static_cast<std::size_t>(j)] = static_cast<float>(rng.normal());
    y(i) = rng.uniform();
    auto o = outcome("u" + std::to_string(i), 0);
    add_slot(o, 0, y(i), row);
    trainer.learn(o);
  }
  x.bottomRows(kD) = std::sqrt(options.ridge) * Eigen::MatrixXd::Identity(kD, kD);
  y.tail(kD).setZero();
  const Eigen::VectorXd expected = x.colPivHouseholderQr().solve(y);
  const auto weights = weights_of(trainer);
  for (int j = 0; j < kD; ++j) EXPECT_NEAR(weights[static_cast<std::size_t>(j)], expected(j), 1e-6) << j;
}

TEST(Linear, ASlotOneHalfLifeOlderCountsHalfAgainstThePrior) {
  LinearOptions options;
  options.half_life = Milliseconds(7 * kDayMs);
  options.ridge = 1;
  LinearTrainer trainer(options);
  auto old = outcome("u", 0, kStartMs);
  add_slot(old, 0, 1, {1});
  trainer.learn(old);
  EXPECT_FLOAT_EQ(weights_of(trainer)[0], 1.0F / 2.0F);
  auto newer = outcome("u", 1, kStartMs + 7 * kDayMs);
  add_slot(newer, 0, 0, {1});
  trainer.learn(newer);
  EXPECT_FLOAT_EQ(weights_of(trainer)[0], 0.5F / (0.5F + 1.0F + 1.0F));
  // Without a slot that says something about it, the weight goes back to the prior's 0 as time passes.
  auto elsewhere = outcome("u", 2, kStartMs + 70 * kDayMs);
  add_slot(elsewhere, 0, 1, {0, 1});
  trainer.learn(elsewhere);
  EXPECT_NEAR(weights_of(trainer)[0], 0.5 / 512 / (1.5 / 512 + 1), 1e-7);
  // Older than everything: it weighs next to nothing, and harms nothing.
  auto ancient = outcome("u", 3, kStartMs - 20000 * kDayMs);
  add_slot(ancient, 0, 1000, {1});
  trainer.learn(ancient);
  EXPECT_NEAR(weights_of(trainer)[0], 0.5 / 512 / (1.5 / 512 + 1), 1e-7);
  // A jump over thousands of half-lives forgets all, and stays finite.
  auto future = outcome("u", 4, kStartMs + 200000 * kDayMs);
  add_slot(future, 0, 1, {0, 0, 1});
  trainer.learn(future);
  EXPECT_FLOAT_EQ(weights_of(trainer)[0], 0);
  EXPECT_FLOAT_EQ(weights_of(trainer)[2], 0.5F);
}

TEST(Linear, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  Rng rng(21);
  const auto revisions = interleaved(rng, stories(rng, 150, 100 * kDayMs));
  LinearOptions options;
  options.half_life = Milliseconds(2 * kDayMs);
  LinearTrainer straight(options);
  auto resumed = std::make_unique<LinearTrainer>(options);
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    straight.learn(revisions[i]);
    resumed->learn(revisions[i]);
    if (i % 37 == 0) {
      auto again = std::make_unique<LinearTrainer>(options);
      ASSERT_TRUE(again->load(resumed->save()).ok());
      resumed = std::move(again);
    }
  }
  EXPECT_TRUE(straight.save() == resumed->save());
  EXPECT_EQ(weights_of(straight), weights_of(*resumed));
  const auto served = linear_scorer(straight.save(), options);
  ASSERT_TRUE(served.ok()) << served.status();
  const auto& scorer = dynamic_cast<const LinearScorer&>(**served);
  EXPECT_EQ(std::vector<float>(scorer.weights().begin(), scorer.weights().end()), weights_of(straight));
}

// What a version says of a candidate: estimate, width and draws.
std::vector<float> opinion(const Scorer& scorer, const std::vector<float>& row) {
  const std::vector<CategoryKey> categories(1);
  const ScoringBatch batch{.features = row, .categories = categories, .given = {}, .segment = "s", .items = {}};
  std::vector<float> all(2 + scorer.draw_count());
  scorer.score(batch, std::span(all).first(1));
  scorer.score_widths(batch, std::span(all).subspan(1, 1));
  scorer.score_draws(batch, std::span(all).subspan(2));
  return all;
}

TEST(Linear, EveryWorkerThatLoadsAVersionHasTheSameDraws) {
  Rng rng(6);
  LinearTrainer trainer(LinearOptions{});
  for (const auto& revision : interleaved(rng, stories(rng, 60, 20 * kDayMs))) trainer.learn(revision);
  std::vector<float> row(features::kFeatureCount);
  for (float& x : row) x = static_cast<float>(rng.normal());
  const auto served = linear_scorer(trainer.save(), LinearOptions{});
  ASSERT_TRUE(served.ok()) << served.status();
  const auto own = opinion(*trainer.scorer(), row);
  EXPECT_EQ(own.size(), 34U);
  EXPECT_EQ(own, opinion(**served, row));
  auto more = outcome("another", 0, kStartMs + 20 * kDayMs);
  add_slot(more, 0, 0, {0.1F});
  trainer.learn(more);
  EXPECT_NE(own, opinion(*trainer.scorer(), row));
}

// A = 3 + 1 in the first direction, 1 in the others: widths 1/2 and 1.
TEST(Linear, WidthsShrinkWithWhatWasShownAndStayWhereNothingWas) {
  LinearTrainer trainer(never_forgets());
  for (std::uint64_t i = 0; i < 3; ++i) {
    auto o = outcome("u", i);
    add_slot(o, 0, 0, {1});
    trainer.learn(o);
  }
  std::vector<float> first(features::kFeatureCount), second(features::kFeatureCount);
  first[0] = second[1] = 1;
  EXPECT_FLOAT_EQ(opinion(*trainer.scorer(), first)[1], 0.5F);
  EXPECT_FLOAT_EQ(opinion(*trainer.scorer(), second)[1], 1.0F);
}

// Rewards of 0 and 2 alike: σ² is 1 about their mean. A revision's change of r² counts, whatever came before.
TEST(Linear, TheNoiseIsWhatTheFeaturesDoNotExplain) {
  LinearOptions options = never_forgets();
  options.ridge = 1e-9;
  LinearStatistics statistics{options.half_life};
  std::vector<float> row(features::kFeatureCount);
  row[0] = 1;
  for (int i = 0; i < 1000; ++i) {
    const double weight = statistics.weight_at(kStartMs);
    statistics.add(0, row.data(), weight, true, 0, 0, false);
    if (i % 2 == 0) statistics.add(0, row.data(), weight, false, 5, 25, false);
    if (i % 2 == 0) statistics.add(0, row.data(), weight, false, -3, 4 - 25, false);
  }
  const auto solution = statistics.solve(options.ridge, 0);
  ASSERT_TRUE(solution.ok());
  EXPECT_NEAR(solution->weights[0], 1, 1e-6);
  EXPECT_NEAR(solution->noise, 1, 1e-3);
}

TEST(Linear, AnOutcomeThatShowedNothingIsPartOfTheStateToo) {
  LinearTrainer straight(LinearOptions{}), resumed(LinearOptions{});
  straight.learn(outcome("u", 0, kStartMs));
  ASSERT_TRUE(resumed.load(straight.save()).ok());
  auto later = outcome("u", 1, kStartMs + 3 * kDayMs);
  add_slot(later, 0, 1, {1, 0.5F});
  straight.learn(later);
  resumed.learn(later);
  EXPECT_TRUE(straight.save() == resumed.save());
}

TEST(Linear, AnotherHalfLifeKeepsWhatWasLearnedAtItsWeightOfNow) {
  Rng rng(8);
  LinearOptions before, after;
  before.half_life = Milliseconds(kDayMs);
  after.half_life = Milliseconds(30 * kDayMs);
  LinearTrainer first(before);
  for (const auto& revisions : stories(rng, 50, 20 * kDayMs)) first.learn(last_state(revisions));
  LinearTrainer second(after);
  ASSERT_TRUE(second.load(first.save()).ok());
  EXPECT_THAT(weights_of(second), ::testing::Pointwise(::testing::FloatNear(1e-6F), weights_of(first)));
}

// Users look at position k with probability θ_k, then click with the item's own probability.
class PlantedPositionBias : public ::testing::Test {
 protected:
  static constexpr std::array<double, 5> kTheta{1.0, 0.7, 0.5, 0.35, 0.25};

  void show(LinearTrainer& trainer, int lists, bool randomised) {
    for (int i = 0; i < lists; ++i) {
      auto o = outcome("u" + std::to_string(i), 0);
      o.set_randomised(randomised);
      std::array<double, kTheta.size()> quality;
      for (double& q : quality) q = 0.1 + 0.6 * rng_.uniform();
      if (!randomised) std::sort(quality.begin(), quality.end());  // worst on top: a policy that confounds position
      for (std::size_t k = 0; k < kTheta.size(); ++k)
        add_slot(o, 0, rng_.uniform() < kTheta[k] * quality[k] ? 1 : 0, {1, static_cast<float>(quality[k])});
      trainer.learn(o);
    }
  }

  Rng rng_{2024};
};

TEST_F(PlantedPositionBias, IsRecoveredFromRandomisedTrafficAndTakenOutOfTheWeights) {
  LinearTrainer trainer(never_forgets());
  show(trainer, 20000, true);
  show(trainer, 20000, false);
  const auto theta = trainer.examination();
  for (std::size_t k = 0; k < kTheta.size(); ++k) EXPECT_NEAR(theta[k], kTheta[k], 0.04) << k;
  // The click probability is the quality itself at position 0.
  const auto weights = weights_of(trainer);
  EXPECT_NEAR(weights[0], 0, 0.03);
  EXPECT_NEAR(weights[1], 1, 0.06);
}

TEST_F(PlantedPositionBias, IsNotGuessedWithoutRandomisedTraffic) {
  LinearTrainer trainer(never_forgets());
  show(trainer, 2000, false);
  EXPECT_THAT(trainer.examination(), ::testing::Each(1.0));
}

TEST(Linear, PoisonedOutcomesChangeNothing) {
  LinearTrainer trainer(LinearOptions{});
  auto good = outcome("u", 0);
  add_slot(good, 0, 1, {1});
  trainer.learn(good);
  const auto before = trainer.save();
  const auto scorer = trainer.scorer();
  const float bad_features[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                                -std::numeric_limits<float>::infinity(), 1e30F, -1e30F};
  for (const float bad : bad_features) {
    auto o = outcome("u", 1);
    add_slot(o, 0, 1, {1, bad});
    trainer.learn(o);
  }
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e30}) {
    auto o = outcome("u", 1);
    add_slot(o, 0, bad, {1});
    trainer.learn(o);
    auto revision = next_revision(good);
    revision.mutable_slots(0)->set_previous_reward(bad);
    trainer.learn(revision);
  }
  auto cut = outcome("u", 1);
  add_slot(cut, 0, 1, {1}).mutable_features()->Truncate(7);
  trainer.learn(cut);
  auto foreign = outcome("u", 1);
  add_slot(foreign, 0, 1, {1});
  foreign.set_feature_fingerprint(features::feature_fingerprint() + 1);
  trainer.learn(foreign);
  auto timeless = outcome("u", 1, std::numeric_limits<std::int64_t>::min());
  add_slot(timeless, 0, 1, {1});
  trainer.learn(timeless);
  EXPECT_TRUE(trainer.save() == before);
  EXPECT_EQ(trainer.scorer(), scorer);
}

TEST(Linear, WithoutASolutionTheLastGoodScorerStays) {
  LinearOptions options = never_forgets();
  options.ridge = 1e-300;  // nothing holds two features apart that always come together
  LinearTrainer trainer(options);
  auto good = outcome("u", 0);
  add_slot(good, 0, 1, {1});
  trainer.learn(good);
  const auto scorer = trainer.scorer();
  EXPECT_FLOAT_EQ(weights_of(trainer)[0], 1);
  auto twins = outcome("u", 1);
  add_slot(twins, 0, 1, {0, 1, 1});
  trainer.learn(twins);
  EXPECT_EQ(trainer.scorer(), scorer);
  EXPECT_EQ(trainer.incidents().at(0).kind, "unsolvable");
  EXPECT_EQ(trainer.incidents().at(0).count, 1U);
  EXPECT_EQ(linear_scorer(trainer.save(), options).status().code(), absl::StatusCode::kFailedPrecondition);
  auto apart = outcome("u", 2);
  add_slot(apart, 0, 1, {0, 1, 0});
  trainer.learn(apart);  // now they can be told apart
  EXPECT_NE(trainer.scorer(), scorer);
}

TEST(Linear, AStateThatIsCutShortOrForeignIsRefusedAndNothingChanges) {
  LinearTrainer trainer(LinearOptions{});
  auto o = outcome("u", 0);
  add_slot(o, 0, 1, {1, 0.5F});
  trainer.learn(o);
  const auto good = trainer.save();
  for (const std::size_t length : {std::size_t{1}, good.size() / 2, good.size() - 4})
    EXPECT_FALSE(trainer.load(good.substr(0, length)).ok()) << length;
  EXPECT_FALSE(trainer.load("not a state").ok());
  pb::LinearState state;
  ASSERT_TRUE(state.ParseFromString(good));
  state.set_dimension(31);
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(state.ParseFromString(good));
  state.mutable_positions(0)->set_moment(3, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(state.ParseFromString(good));
  state.set_latest_ms(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(trainer.save() == good);
}

TEST(LinearScorer, ScoresAreDotProductsAndAlwaysFinite) {
  LinearWeights weights{};
  weights[0] = 1;
  weights[31] = -2;
  const LinearScorer scorer(weights);
  std::vector<float> features(4 * features::kFeatureCount, 0.0F);
  features[0] = 0.5F;
  features[features::kFeatureCount + 31] = 0.25F;
  features[2 * features::kFeatureCount + 31] = std::numeric_limits<float>::max();
  const std::vector<CategoryKey> categories(4);
  const std::vector<float> given(4);
  std::vector<float> scores(4, -1);
  scorer.score({features, categories, given, "s"}, scores);
  EXPECT_THAT(scores, ::testing::ElementsAre(0.5F, -0.5F, 0.0F, 0.0F));
  scorer.score({{}, {}, {}, "s"}, {});  // no candidates
}

}  // namespace
}  // namespace riffle::learner
