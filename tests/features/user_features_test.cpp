#include "features/user_features.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/rng.h"

namespace riffle::features {
namespace {

// Whose shares of categories are these.
UserContext who_likes(const std::vector<std::pair<std::string, float>>& shares) {
  UserContext user;
  for (const auto& [category, share] : shares) user.categories.edit(CategoryKey(stable_hash(category))).share = share;
  user.constants[feature_index("user_click_rate")] = 0.2F;
  user.constants[feature_index("user_activity")] = 0.5F;
  user.constants[feature_index("user_cold")] = 0.25F;
  return user;
}

double square(const UserFeatures& a, const UserFeatures& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
  return sum;
}

TEST(UserFeatures, AreSharesByHashOfTheCategoryAndTheUsersOwnRates) {
  const UserFeatures features = user_features(who_likes({{"shoes", 0.5F}}));
  const std::uint64_t key = stable_hash("shoes");
  for (std::size_t i = 0; i < kHashed; ++i) {
    const float sign = key >> 63 != 0 ? -1.0F : 1.0F;
    EXPECT_EQ(features[i], i == key % kHashed ? sign * 0.5F : 0.0F);
  }
  EXPECT_EQ(features[kHashed], 0.2F);
  EXPECT_EQ(features[kHashed + 1], 0.5F);
  EXPECT_EQ(features[kHashed + 2], 0.25F);
}

TEST(UserFeatures, DistancesAreThoseOfTheSharesOnAverageOverCategories) {
  // (.5, .3) against (.1, .3, .6): .4² + .6² = .52, whatever the categories are called.
  double sum = 0;
  constexpr int kShops = 2000;
  for (int shop = 0; shop < kShops; ++shop) {
    const auto name = [shop](int category) { return std::to_string(shop) + "/" + std::to_string(category); };
    sum += square(user_features(who_likes({{name(0), 0.5F}, {name(1), 0.3F}})),
                  user_features(who_likes({{name(0), 0.1F}, {name(1), 0.3F}, {name(2), 0.6F}})));
  }
  EXPECT_NEAR(sum / kShops, 0.52, 0.01);
}

TEST(UserFeatures, AreFiniteAndInTheirRangeWhateverARowHolds) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F, -1e30F}) {
    UserContext user = who_likes({{"a", bad}, {"b", 0.1F}});
    user.constants[feature_index("user_activity")] = bad;
    for (const float x : user_features(user)) EXPECT_LE(std::abs(x), 1) << bad;
  }
}

}  // namespace
}  // namespace riffle::features
