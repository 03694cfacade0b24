#include "features/user_features.h"

#include <algorithm>

namespace riffle::features {

UserFeatures user_features(const UserContext& user) {
  static const std::size_t constants[] = {feature_index("user_click_rate"), feature_index("user_activity"), feature_index("user_cold")};
  UserFeatures features{};
  for (const auto& [key, taste] : user.categories) {
    // The lowest bits choose the place, the highest the sign: keys are hashes already.
    const float sign = key.value() >> 63 != 0 ? -1.0F : 1.0F;
    features[key.value() % kHashed] += sign * taste.share;
  }
  std::size_t at = kHashed;
  for (const std::size_t constant : constants) features[at++] = user.constants[constant];
  for (float& feature : features) feature = feature == feature ? std::clamp(feature, -1.0F, 1.0F) : 0.0F;
  return features;
}

}  // namespace riffle::features
