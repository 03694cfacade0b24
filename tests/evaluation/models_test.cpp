#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "evaluation/models/linear_model.h"
#include "evaluation/models/table_model.h"
#include "evaluation/support.h"
#include "evaluation/targets/distribution_file.h"
#include "features/feature_vector.h"
#include "tests/support/scratch.h"

namespace riffle::evaluation {
namespace {

using ::testing::HasSubstr;

LoggedRound shown(std::uint32_t action, double reward) {
  LoggedRound round;
  round.slots.push_back({.action = action, .position = 0, .propensity = 0.5, .reward = reward});
  return round;
}

TEST(TableModel, OfOneFoldIsTheShrunkMeanOfItsCell) {
  TableModel model(1, 50);
  for (const double reward : {1.0, 1.0, 0.0}) model.learn(shown(3, reward), 0);
  model.learn(shown(5, 0), 0);
  model.fit();
  const double g = 2.0 / 4;
  EXPECT_DOUBLE_EQ(model.action(shown(0, 0), 0, 0, 3), (2 + 50 * g) / (3 + 50));
  EXPECT_DOUBLE_EQ(model.action(shown(0, 0), 0, 0, 5), (0 + 50 * g) / (1 + 50));
  EXPECT_DOUBLE_EQ(model.action(shown(0, 0), 0, 0, 9), g) << "never shown";
}

TEST(TableModel, HasNotSeenTheFoldThatItIsAskedAbout) {
  TableModel model(2, 50);
  model.learn(shown(3, 1), 0);
  model.learn(shown(3, 0), 1);
  model.learn(shown(3, 0), 1);
  model.fit();
  EXPECT_DOUBLE_EQ(model.action(shown(0, 0), 0, 0, 3), 0) << "of fold 1 alone";
  EXPECT_DOUBLE_EQ(model.action(shown(0, 0), 0, 1, 3), 1) << "of fold 0 alone";
}

TEST(LinearModel, FindsTheWeightsThatRewardsWereMadeWith) {
  Rng rng(6);
  LinearModel model(3, 1e-6);
  std::vector<pb::Outcome> outcomes(600);
  const auto truth = [](const pb::OutcomeSlot& slot, std::uint32_t position) {
    return 0.5 * slot.features(2) - 0.25 * slot.features(7) + 0.1 * (position + 1);
  };
  std::vector<LoggedRound> rounds;
  for (pb::Outcome& outcome : outcomes) {
    outcome.set_feature_fingerprint(features::feature_fingerprint());
    LoggedRound& round = rounds.emplace_back();
    round.outcome = &outcome;
    round.cluster = rng();
    for (std::uint32_t k = 0; k < 2; ++k) {
      pb::OutcomeSlot& slot = *outcome.add_slots();
      for (std::size_t f = 0; f < features::kFeatureCount; ++f)
        slot.add_features(static_cast<float>(rng.uniform()));
      round.slots.push_back(
          {.action = 0, .position = k, .propensity = 0.5, .reward = truth(slot, k)});
    }
    model.learn(round, fold_of(round.cluster, 3));
  }
  model.fit();
  for (const LoggedRound& round : rounds)
    for (std::size_t k = 0; k < 2; ++k)
      EXPECT_NEAR(model.logged(round, k, fold_of(round.cluster, 3)), round.slots[k].reward, 1e-4);
  outcomes[0].set_feature_fingerprint(1);
  EXPECT_FALSE(model.covers(rounds[0])) << "another feature specification";
}

TEST(Support, CountsTheTargetsMassOnWhatWasNeverShown) {
  SupportTally tally;
  tally.shown(shown(0, 0).slots[0]);
  tally.shown(shown(2, 0).slots[0]);
  EXPECT_FALSE(tally.off_support().has_value()) << "nothing was asked";
  tally.ask_evenly(0, 4);
  EXPECT_DOUBLE_EQ(*tally.off_support(), 0.5);
  tally.ask(0, 2, 1);
  EXPECT_DOUBLE_EQ(*tally.off_support(), 0.25);
}

TEST(DistributionFile, SaysTheLineAndWhatIsWrongThere) {
  const testing::Scratch scratch;
  const std::string head = "item_id,position,probability\n";
  const auto message = [&](const std::string& text) {
    return std::string(
        read_distribution_csv(scratch.write("d.csv", text)).status().message());
  };
  EXPECT_THAT(message("a,b\n"), HasSubstr("d.csv:1: the first line must be"));
  EXPECT_THAT(message(head + "1,0,1\n"), HasSubstr("d.csv:2: position"));
  EXPECT_THAT(message(head + "1,1,1.5\n"), HasSubstr("d.csv:2: probability"));
  EXPECT_THAT(message(head + "1,1,0.5\n2,1,0.4\n"), HasSubstr("position 1 sum to 0.9"));
  const auto good = read_distribution_csv(scratch.write("d.csv", head + "x,1,0.5\ny,1,0.5\n"));
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->positions[0], (std::vector<double>{0.5, 0.5}));
}

TEST(DistributionFile, OfEqualPriorsIsEvenAndOfOneGreatOneIsCertain) {
  const auto even = thompson_distribution({{2, 2, 2, 2}, {5, 5, 5, 5}}, 2, 40000, 3);
  for (const auto& row : even.positions)
    for (const double p : row) EXPECT_NEAR(p, 0.25, 0.012);  // 5 standard errors
  const auto sure = thompson_distribution({{900, 1}, {100, 900}}, 2, 1000, 3);
  EXPECT_DOUBLE_EQ(sure.positions[0][0], 1);
  EXPECT_DOUBLE_EQ(sure.positions[1][1], 1);
  const testing::Scratch scratch;
  const std::string file = scratch.write("p.yaml", "men:\n  alpha:\n    - 1.0\n  beta:\n    - 2.0\n");
  EXPECT_TRUE(read_thompson_prior(file, "men").ok());
  EXPECT_THAT(std::string(read_thompson_prior(file, "women").status().message()),
              HasSubstr("say one of: men"));
}

}  // namespace
}  // namespace riffle::evaluation
