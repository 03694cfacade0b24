#include "learner/q_learning/returns.h"

#include <gtest/gtest.h>

#include "learner/outcomes.h"
#include "learner/q_learning/step_batch.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT

constexpr std::int64_t kMinuteMs = 60'000;

class Returns : public ::testing::Test {
 protected:
  Returns() {
    options_.discount = .5;
    options_.discount_time = std::chrono::hours(1);
    options_.steps = 2;
  }

  DecisionBuffer::Place take(std::uint64_t ordinal, std::int64_t minute, std::vector<double> rewards,
                             const std::string& user = "u") {
    auto decision = outcome(user, ordinal, kStartMs + minute * kMinuteMs);
    for (const double reward : rewards) add_slot(decision, 1, reward, {static_cast<float>(ordinal)});
    return buffer_.take(decision, {}).place;
  }

  DqnOptions options_;
  DecisionBuffer buffer_{16, 10};
};

TEST_F(Returns, TwoStepsAreThoseOfTheWorkedExample) {
  const auto noon = take(0, 0, {0});
  take(1, 10, {2, 0});  // r̄ = 1
  const auto last = take(2, 130, {7});
  const Return made = return_of(buffer_, noon, options_);
  EXPECT_DOUBLE_EQ(made.later, .5 * 1);
  EXPECT_DOUBLE_EQ(made.discount, .125);
  EXPECT_EQ(made.bootstrap, last);
}

TEST_F(Returns, FewerNextDecisionsMakeFewerSteps) {
  const auto first = take(0, 0, {0});
  EXPECT_FALSE(return_of(buffer_, first, options_).bootstrap);  // he has not come back
  EXPECT_EQ(return_of(buffer_, first, options_).later, 0);
  const auto next = take(1, 30, {3});
  EXPECT_EQ(return_of(buffer_, first, options_).bootstrap, next);
  EXPECT_EQ(return_of(buffer_, first, options_).later, 0);  // its reward is the bootstrap's
  EXPECT_DOUBLE_EQ(return_of(buffer_, first, options_).discount, .5);
  options_.discount = 0;
  EXPECT_FALSE(return_of(buffer_, first, options_).bootstrap);
}

TEST_F(Returns, ComingBackLaterIsWorthLess) {
  EXPECT_DOUBLE_EQ(discount_of_pause(options_, 0), .5);
  EXPECT_DOUBLE_EQ(discount_of_pause(options_, -5), .5);
  EXPECT_DOUBLE_EQ(discount_of_pause(options_, 60 * kMinuteMs), .5);
  EXPECT_DOUBLE_EQ(discount_of_pause(options_, 180 * kMinuteMs), .125);
}

TEST_F(Returns, ABatchHasTheReturnsPositionsAndNextActionsOfItsDecisions) {
  auto first = outcome("u", 0);
  add_slot(first, 1, 1, {5});
  first.mutable_slots(0)->set_exposed(false);
  add_slot(first, 1, .25, {6});
  auto next = outcome("u", 1, kStartMs + kMinuteMs);
  add_slot(next, 1, 0, {8});
  auto& candidate = *next.add_candidates();
  for (std::size_t i = 0; i < features::kFeatureCount; ++i) candidate.add_features(9);
  const auto place = buffer_.take(first, {}).place;
  buffer_.take(next, {});
  StepBatch batch;
  const std::vector<Replay::Drawn> drawn{{place, .5}};
  batch.fill(buffer_, drawn, options_);
  const network::Batch view = batch.view();
  constexpr std::size_t kInputs = features::kFeatureCount + 1;
  ASSERT_EQ(view.rows, 1U);  // what was not exposed is not learned
  EXPECT_EQ(view.row_features[0], 6);
  EXPECT_EQ(view.row_features[kInputs - 1], position_input(1));
  EXPECT_EQ(view.row_return[0], .25F);
  EXPECT_EQ(view.row_weight[0], .5F);
  ASSERT_EQ(view.pool, 1U);  // no candidates logged: what was shown stands for them
  EXPECT_EQ(view.pool_features[0], 6);
  EXPECT_EQ(view.pool_features[kInputs - 1], 0);
  ASSERT_EQ(view.next, 2U);
  EXPECT_EQ(view.next_count[0], 2);
  EXPECT_EQ(view.next_pool_count[0], 1);
  EXPECT_EQ(view.next_features[0], 9);        // the sample first
  EXPECT_EQ(view.next_features[kInputs], 8);  // then what was shown
  EXPECT_EQ(view.discount[0], .5F);
}

}  // namespace
}  // namespace riffle::learner
