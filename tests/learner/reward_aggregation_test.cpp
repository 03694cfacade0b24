// Rewards that break a sum: all negative, none at all, not a number. Both learners take them for what they are.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "learner/trainer.h"
#include "outcomes.h"

namespace riffle::learner {
namespace {

using namespace learner::testing;

class RewardAggregation : public ::testing::TestWithParam<const char*> {
 protected:
  // Of an item of category 7 with the first feature set, to a user of the outcomes' segment.
  float score() const {
    std::vector<float> features(features::kFeatureCount, 0);
    features[0] = 1;
    const std::vector<CategoryKey> categories = {CategoryKey(7)};
    const std::vector<float> given = {0};
    std::vector<float> scores = {99};
    trainer_->scorer()->score({features, categories, given, "s"}, scores);
    return scores[0];
  }
  void learn(double reward, std::uint64_t ordinal) const {
    auto list = outcome("u", ordinal);
    list.add_candidate_categories(7);
    add_slot(list, 7, reward, {1});
    trainer_->learn(list);
    list = next_revision(list);
    list.set_closed(true);
    trainer_->learn(list);
  }

  std::unique_ptr<Trainer> trainer_ = make_trainer(GetParam(), {}).value();
};

TEST_P(RewardAggregation, OfNothingButNegativeRewardsIsNegative) {
  for (std::uint64_t n = 0; n < 50; ++n) learn(-1, n);
  EXPECT_LT(score(), -.05F);
  EXPECT_GT(score(), -20.F);
}

TEST_P(RewardAggregation, OfEmptyListsIsNothing) {
  for (std::uint64_t n = 0; n < 10; ++n) {
    auto empty = outcome("u", n);
    trainer_->learn(empty);
    empty = next_revision(empty);
    empty.set_closed(true);
    trainer_->learn(empty);
  }
  EXPECT_EQ(score(), 0);
  learn(1, 10);
  EXPECT_GT(score(), 0);
}

TEST_P(RewardAggregation, OfWhatIsNoNumberIsWhatItWasBefore) {
  for (std::uint64_t n = 0; n < 10; ++n) learn(1, n);
  const float before = score();
  ASSERT_GT(before, 0);
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()})
    learn(bad, 10);
  EXPECT_EQ(score(), before);
}

INSTANTIATE_TEST_SUITE_P(Learners, RewardAggregation, ::testing::Values("linear", "q_table"));

}  // namespace
}  // namespace riffle::learner
