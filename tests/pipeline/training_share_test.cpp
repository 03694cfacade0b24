#include "pipeline/training_share.h"

#include <gtest/gtest.h>

namespace riffle::pipeline {
namespace {

TEST(TrainingShare, ABacklogThatShrinksIsLearnedWhole) {
  TrainingShare share;
  for (std::uint64_t waiting = 400'000; waiting > 0; waiting -= 1000) {
    share.note(waiting);
    ASSERT_EQ(share.share(), 1);
  }
}

TEST(TrainingShare, HalvesWhileWhatWaitsGrowsAndComesBackOnceHardlyAnythingDoes) {
  TrainingShare share;
  std::uint64_t waiting = 5000;
  for (const double expected : {1.0, .5, .25, .125}) {
    share.note(waiting += 1000);
    EXPECT_EQ(share.share(), expected);
  }
  share.note(waiting -= 500);
  EXPECT_EQ(share.share(), .125) << "it shrinks: enough";
  for (const double expected : {.25, .5, 1.0, 1.0}) {
    share.note(TrainingShare::kFew);
    EXPECT_EQ(share.share(), expected);
  }
  for (int i = 0; i < 100; ++i) share.note(waiting += 1000);
  EXPECT_EQ(share.share(), TrainingShare::kLeast);
}

}  // namespace
}  // namespace riffle::pipeline
