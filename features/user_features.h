// A user as a point: what he likes and how he behaves, whatever candidate is looked at. Users who are alike lie near each other by
// Euclidean distance, which is what clusters are made of (learner/user_clusters.h).
//
//   kHashed numbers   his shares of categories (UserContext), one for every prefix of a path, so that two leaves of one branch are
//                     nearer than two branches; each category adds ± its share to one of them, chosen by its key. Categories that
//                     meet there cancel out or add up alike often: distances are right on average (Weinberger et al. 2009)
//   3 numbers         user_click_rate, user_activity and user_cold of the feature vector
//
// Finite, and in [-1, 1]. Who changes their meaning raises kFeatureVersion (feature_vector.cpp), as for any feature.
#pragma once

#include <array>
#include <cstddef>

#include "features/feature_vector.h"

namespace riffle::features {

constexpr std::size_t kHashed = 32;
constexpr std::size_t kUserFeatureCount = kHashed + 3;
using UserFeatures = std::array<float, kUserFeatureCount>;

UserFeatures user_features(const UserContext& user);

}  // namespace riffle::features
