#include "learner/neural_linear/neural_linear.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>

#include <Eigen/Dense>

#include "base/metrics.h"
#include "learner/learner.h"
#include "learner/q_learning/network.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;

class NeuralLinear : public WithNetwork {
 protected:
  static NeuralLinearOptions small_head() {
    NeuralLinearOptions options;
    options.hidden_1 = options.hidden_2 = 8;
    options.batch = 32;
    options.replay_decisions = 64;
    return options;
  }
  static std::unique_ptr<NeuralLinearTrainer> head_trainer(const NeuralLinearOptions& options) {
    auto made = make_network(**load_network_module(""), settings_of(options), "cpu");
    return std::make_unique<NeuralLinearTrainer>(options, *std::move(made));
  }
};

TEST_F(NeuralLinear, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  const auto log = random_log(7, 400);
  auto straight = head_trainer(small_head());
  feed(*straight, log, 0, log.size());
  EXPECT_GT(straight->steps(), 100U);
  EXPECT_GT(straight->rebuilds(), 1U);
  EXPECT_EQ(incident(*straight, "not_finite") + incident(*straight, "diverged") + incident(*straight, "unsolvable"), 0U);
  expect_stops_change_nothing(log, *straight, [] { return head_trainer(small_head()); });
}

TEST_F(NeuralLinear, WhatIsServedIsWhatWasSavedWithItsDrawsAndWidths) {
  const auto log = random_log(9, 200);
  auto one = head_trainer(small_head());
  feed(*one, log, 0, log.size());
  ASSERT_GT(one->rebuilds(), 0U);
  const auto served = neural_linear_scorer(one->save(), small_head());
  ASSERT_TRUE(served.ok()) << served.status();
  const auto trained = one->scorer();
  const auto rows = some_rows(7);
  EXPECT_EQ(scores(**served, rows), scores(*trained, rows));
  const std::vector<CategoryKey> categories(7);
  const ScoringBatch batch{rows, categories, {}, "s"};
  ASSERT_TRUE((*served)->has_widths());
  ASSERT_EQ((*served)->draw_count(), 32U);
  std::vector<float> widths(7), again(7), draws(7 * 32), drawn_again(7 * 32);
  (*served)->score_widths(batch, widths);
  trained->score_widths(batch, again);
  EXPECT_EQ(widths, again);
  (*served)->score_draws(batch, draws);
  trained->score_draws(batch, drawn_again);
  EXPECT_EQ(draws, drawn_again);
  for (const float width : widths) EXPECT_GT(width, 0);
}

// Whatever was asked before on this thread, and however often.
TEST_F(NeuralLinear, AnswersDependOnNothingButTheBatch) {
  const auto log = random_log(5, 60);
  auto one = head_trainer(small_head());
  feed(*one, log, 0, 30);
  const auto first = one->scorer();
  feed(*one, log, 30, log.size());
  const auto second = one->scorer();
  const auto rows = some_rows(40), fewer = some_rows(3);
  const auto of_first = scores(*first, rows), of_second = scores(*second, rows);
  EXPECT_NE(of_first, of_second);
  EXPECT_EQ(scores(*first, rows), of_first);
  const auto of_fewer = scores(*first, fewer);
  EXPECT_EQ(of_fewer, std::vector<float>(of_first.begin(), of_first.begin() + 3));
  EXPECT_EQ(scores(*second, rows), of_second);
}

// The last revision of each decision, as if it were the first.
std::vector<pb::Outcome> waited_for(const std::vector<pb::Outcome>& log) {
  std::map<std::string, pb::Outcome> last;
  std::vector<std::string> order;
  for (const auto& outcome : log) {
    if (!last.contains(outcome.recommendation_id())) order.push_back(outcome.recommendation_id());
    last[outcome.recommendation_id()] = outcome;
  }
  std::vector<pb::Outcome> made;
  for (const auto& id : order) {
    pb::Outcome outcome = last[id];
    outcome.set_revision(0);
    for (auto& slot : *outcome.mutable_slots()) slot.set_newly_exposed(slot.exposed()), slot.set_previous_reward(0);
    made.push_back(std::move(outcome));
  }
  return made;
}

TEST_F(NeuralLinear, WithinARepresentationLearningAtOnceEqualsWaitingAndIsTheRidgeRegression) {
  const auto log = random_log(12, 40);
  const auto waited = waited_for(log);
  auto at_once = head_trainer(small_head()), later = head_trainer(small_head());
  feed(*at_once, log, 0, log.size());
  feed(*later, waited, 0, waited.size());
  ASSERT_EQ(at_once->rebuilds() + later->rebuilds(), 0U);
  const auto rows = some_rows(9);
  const auto made = scores(*at_once->scorer(), rows), expected = scores(*later->scorer(), rows);
  std::vector<float> seen;
  std::vector<double> rewards;
  for (const auto& outcome : waited)
    for (int k = 0; k < outcome.slots_size(); ++k) {
      const auto& slot = outcome.slots(k);
      if (!slot.exposed()) continue;
      seen.insert(seen.end(), slot.features().begin(), slot.features().end());
      seen.push_back(position_input(static_cast<std::size_t>(k)));
      rewards.push_back(slot.reward());
    }
  const auto represented = [&](const std::vector<float>& all, std::size_t inputs) {
    std::vector<float> z(all.size() / inputs * 9);
    represent(at_once->representation(), all, inputs, z);
    const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, 9, Eigen::RowMajor>> rows_of(
        z.data(), static_cast<Eigen::Index>(z.size() / 9), 9);
    return Eigen::MatrixXd(rows_of.cast<double>());
  };
  const Eigen::MatrixXd z = represented(seen, ForwardPass::kInputs);
  const Eigen::VectorXd r = Eigen::Map<const Eigen::VectorXd>(rewards.data(), static_cast<Eigen::Index>(rewards.size()));
  const Eigen::VectorXd w = (z.transpose() * z + .25 * Eigen::MatrixXd::Identity(9, 9)).ldlt().solve(z.transpose() * r);
  const Eigen::VectorXd by_formula = represented(rows, features::kFeatureCount) * w;
  for (std::size_t i = 0; i < made.size(); ++i) {
    EXPECT_NEAR(made[i], expected[i], 1e-6) << i;
    EXPECT_NEAR(made[i], by_formula(static_cast<Eigen::Index>(i)), 1e-4) << i;
  }
}

TEST_F(NeuralLinear, ARebuiltHeadKnowsWhatTheBufferHoldsAndWhatCameSince) {
  NeuralLinearOptions options = small_head();
  auto one = head_trainer(options);
  Rng rng(4);
  double since = 0;
  std::uint64_t rebuilds = 0;
  for (int i = 0; i < 400; ++i) {
    auto outcome = testing::outcome("u" + std::to_string(i), 0, kStartMs + i * 1000);
    for (int k = 0; k < 4; ++k) add_slot(outcome, 1, rng.uniform() < .5 ? 1 : 0, {static_cast<float>(rng.normal())});
    one->learn(outcome);
    since += 4;
    if (one->rebuilds() > rebuilds) {
      rebuilds = one->rebuilds();
      since = 0;
      EXPECT_EQ(one->head().count(), 4.0 * static_cast<double>(options.replay_decisions));
    } else if (rebuilds > 0) {
      EXPECT_EQ(one->head().count(), 4.0 * static_cast<double>(options.replay_decisions) + since);
    }
  }
  EXPECT_GE(rebuilds, 2U);
}

// The reward is that two features have the same sign: nothing a linear model can see, in either of them.
TEST_F(NeuralLinear, ItLearnsWhatOnlyProductsOfFeaturesTell) {
  NeuralLinearOptions options;
  options.hidden_1 = 32;
  options.hidden_2 = 16;
  options.batch = 64;
  options.replays = 8;
  options.replay_decisions = 1024;
  options.learning_rate = .003;
  auto one = head_trainer(options);
  Rng rng(6);
  for (int i = 0; i < 1500; ++i) {
    auto outcome = testing::outcome("u" + std::to_string(i), 0, kStartMs + i * 1000);
    for (int k = 0; k < 4; ++k) {
      const float x = rng.below(2) == 0 ? -1.F : 1.F, y = rng.below(2) == 0 ? -1.F : 1.F;
      add_slot(outcome, 1, x * y > 0 ? (rng.uniform() < .8) : (rng.uniform() < .1), {x, y, 1});
    }
    one->learn(outcome);
  }
  EXPECT_GT(one->rebuilds(), 3U);
  std::vector<float> rows;
  for (const auto& [x, y] : {std::pair{-1.F, -1.F}, {-1.F, 1.F}, {1.F, -1.F}, {1.F, 1.F}}) {
    rows.insert(rows.end(), {x, y, 1});
    rows.resize((rows.size() + features::kFeatureCount - 1) / features::kFeatureCount * features::kFeatureCount);
  }
  const auto made = scores(*one->scorer(), rows);
  EXPECT_NEAR(made[0], .8, .1);
  EXPECT_NEAR(made[1], .1, .1);
  EXPECT_NEAR(made[2], .1, .1);
  EXPECT_NEAR(made[3], .8, .1);
}

TEST_F(NeuralLinear, AStateThatCannotBeIsRefusedAndNothingChanges) {
  const auto log = random_log(10, 40);
  auto one = head_trainer(small_head());
  auto flat = trainer(small());
  feed(*one, log, 0, log.size());
  feed(*flat, log, 0, log.size());
  const std::string good = one->save();
  EXPECT_THAT(std::string(one->load(flat->save()).message()), HasSubstr("of the scorer dqn, not of neural_linear"));
  EXPECT_THAT(std::string(flat->load(good).message()), HasSubstr("of the scorer neural_linear, not of dqn"));
  EXPECT_FALSE(neural_linear_scorer(flat->save(), small_head()).ok());
  for (const std::size_t cut : {1, 9, 500}) EXPECT_FALSE(one->load(good.substr(0, good.size() - cut)).ok()) << cut;
  const auto changed = [&](auto change) {
    pb::DqnState state;
    EXPECT_TRUE(state.ParseFromString(good));
    change(*state.mutable_head());
    return serialize(state);
  };
  const auto narrow = changed([](auto& head) { head.mutable_moment()->RemoveLast(); });
  EXPECT_THAT(std::string(one->load(narrow).message()), HasSubstr("the head has 8 weights"));
  const auto short_of = changed([](auto& head) { head.mutable_representation()->resize(40); });
  EXPECT_THAT(std::string(neural_linear_scorer(short_of, small_head()).status().message()), HasSubstr("representation"));
  const auto poisoned = changed([](auto& head) { head.set_moment(0, std::numeric_limits<double>::quiet_NaN()); });
  EXPECT_FALSE(one->load(poisoned).ok());
  EXPECT_FALSE(neural_linear_scorer(poisoned, small_head()).ok());
  EXPECT_TRUE(one->save() == good);
}

TEST_F(NeuralLinear, ALearnerBootsItFromItsVersion) {
  const auto log = random_log(11, 200);
  LearnerOptions options;
  options.neural_linear = small_head();
  expect_a_boot_changes_nothing(PolicyId("sure"), "neural_linear", options, log);
}

TEST_F(NeuralLinear, WhatIsNotFiniteScoresNothingAndTakesNobodyAlong) {
  const auto log = random_log(13, 40);
  auto one = head_trainer(small_head());
  feed(*one, log, 0, log.size());
  auto rows = some_rows(8);
  const auto clean = scores(*one->scorer(), rows);
  rows[2 * features::kFeatureCount + 5] = std::numeric_limits<float>::quiet_NaN();
  const auto made = scores(*one->scorer(), rows);
  for (std::size_t i = 0; i < made.size(); ++i) EXPECT_EQ(made[i], i == 2 ? 0 : clean[i]) << i;
}

TEST(NeuralLinearScorer, BeforeAnythingWasLearnedAllAreEqualAndNothingIsSaidOfDoubt) {
  const NeuralLinearScorer scorer;
  const std::vector<float> rows(3 * features::kFeatureCount, 1.F);
  const std::vector<CategoryKey> categories(3);
  std::vector<float> made(3, 1.F);
  scorer.score({rows, categories, {}, "s"}, made);
  EXPECT_EQ(made, std::vector<float>(3, 0.F));
  EXPECT_EQ(scorer.draw_count(), 0U);
  EXPECT_FALSE(scorer.has_widths());
  scorer.score({}, {});
}

TEST(NeuralLinearOptionsCheck, WhatIsOutOfRangeIsRefused) {
  LearnerOptions options;
  options.neural_linear.ridge = 0;
  const auto status = make_trainer("neural_linear", options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("neural_linear: ridge"));
  options.neural_linear = {};
  options.neural_linear.draws.count = kMostDraws + 1;
  EXPECT_THAT(std::string(make_trainer("neural_linear", options).status().message()), HasSubstr("neural_linear: draws"));
}

}  // namespace
}  // namespace riffle::learner
