#include <gtest/gtest.h>

#include <map>

#include "serving/options.h"
#include "tests/serving/chi_square.h"

namespace riffle::serving {
namespace {

ExperimentOptions four_arms() {
  return {.salt = "s", .arms = {{PolicyId("a"), .1}, {PolicyId("b"), .2}, {PolicyId("none"), 0}, {PolicyId("c"), .7}}};
}

UserId user(int number) { return UserId("user-" + std::to_string(number)); }

TEST(Experiments, ArmsGetTheirSharesOfUsers) {
  const auto options = four_arms();
  std::map<std::string, std::size_t> counts;
  for (int i = 0; i < 50000; ++i) ++counts[arm_of(options, user(i)).str()];
  EXPECT_EQ(counts["none"], 0u);
  EXPECT_LT(chi_square_deviations({.1, .2, .7}, {counts["a"], counts["b"], counts["c"]}), 4);
}

TEST(Experiments, AUserStaysInHisArmAndAnotherSaltDealsAnew) {
  const auto options = four_arms();
  auto resalted = options;
  resalted.salt = "t";
  int moved = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(arm_of(options, user(i)), arm_of(four_arms(), user(i)));
    moved += arm_of(options, user(i)) != arm_of(resalted, user(i));
  }
  EXPECT_NEAR(moved, 1000 * (1 - .01 - .04 - .49), 60);
}

TEST(Experiments, ASingleArmHasEveryUser) {
  const ExperimentOptions options{.salt = "s", .arms = {{PolicyId("all"), 1}}};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(arm_of(options, user(i)).str(), "all");
}

}  // namespace
}  // namespace riffle::serving
