#include "learner/q_learning/sum_tree.h"

#include <gtest/gtest.h>

namespace riffle::learner {
namespace {

TEST(SumTree, MassFindsThePlaceThatHoldsIt) {
  SumTree tree(5);
  for (std::size_t place = 0; place < 5; ++place) tree.set(place, static_cast<double>(place));
  EXPECT_EQ(tree.total(), 10);
  EXPECT_EQ(tree.at(0), 1U);  // a place without weight is never drawn
  EXPECT_EQ(tree.at(.99), 1U);
  EXPECT_EQ(tree.at(1), 2U);
  EXPECT_EQ(tree.at(3), 3U);
  EXPECT_EQ(tree.at(9.99), 4U);
  EXPECT_EQ(tree.at(10), 4U);  // as rounding may make it
}

TEST(SumTree, TheOrderOfSettingLeavesNoTrace) {
  SumTree once(8), often(8);
  for (std::size_t place = 0; place < 8; ++place) once.set(place, .1 * static_cast<double>(place + 1));
  for (int round = 0; round < 3; ++round)
    for (std::size_t place = 8; place-- > 0;) often.set(place, round < 2 ? 1e9 / 3 : .1 * static_cast<double>(place + 1));
  EXPECT_EQ(once.total(), often.total());
}

TEST(SumTree, OnePlaceIsEnough) {
  SumTree tree(1);
  tree.set(0, 2);
  EXPECT_EQ(tree.total(), 2);
  EXPECT_EQ(tree.at(1.5), 0U);
}

}  // namespace
}  // namespace riffle::learner
