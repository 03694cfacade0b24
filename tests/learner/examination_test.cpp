#include "learner/examination.h"

#include <gmock/gmock.h>

namespace riffle::learner {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(Examination, IsOneEverywhereWithoutEvidence) {
  const std::vector<PositionEvidence> nothing(3);
  EXPECT_THAT(fit_examination(nothing, 200), ElementsAre(1, 1, 1));
  EXPECT_TRUE(fit_examination({}, 200).empty());
}

TEST(Examination, IsTheRatioOfMeansSmoothedTowardsOne) {
  const std::vector<PositionEvidence> evidence{{200, 40}, {200, 20}};
  EXPECT_DOUBLE_EQ(fit_examination(evidence, 0)[1], 0.5);
  // Pooled mean .15; 200 pseudo-slots of it: (20 + 30)/400 against (40 + 30)/400.
  EXPECT_DOUBLE_EQ(fit_examination(evidence, 200)[1], 50.0 / 70.0);
}

TEST(Examination, IsClippedAndNeverDrawnFromRewardsThatAreNotThere) {
  const std::vector<PositionEvidence> evidence{{1000, 100}, {1000, 900}, {1000, 0}, {0, 0}, {1000, -50}};
  EXPECT_THAT(fit_examination(evidence, 0), ElementsAre(1, kLargestExamination, kSmallestExamination, 1, 1));
  const std::vector<PositionEvidence> no_reward{{1000, 0}, {1000, 0}};
  EXPECT_THAT(fit_examination(no_reward, 200), ElementsAre(1, 1));
}

}  // namespace
}  // namespace riffle::learner
