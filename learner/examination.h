// How likely a slot is to be looked at, by its position: the examination factor θ_k of the position-based click model
// (Richardson et al. 2007; Joachims et al. 2017: reward(item, k) = θ_k · relevance(item), θ_0 = 1).
//
// On randomised traffic every item is equally likely at every position, so the mean reward at k over the mean reward at 0
// is θ_k.
#pragma once

#include <span>
#include <vector>

namespace riffle::learner {

struct PositionEvidence {
  double count = 0;    // of randomised slots exposed at this position
  double reward = 0;   // their sum
};

// Looking further down never helps this much, and a slot is never worth nothing: outside lies noise.
constexpr double kSmallestExamination = 0.05;
constexpr double kLargestExamination = 1.5;

// θ of each position: the ratio of means, both smoothed by `prior` pseudo-slots with the pooled mean of the two positions
// (so that θ_k = 1 without evidence), clipped. 1 where there is no reward to compare.
std::vector<double> fit_examination(std::span<const PositionEvidence> positions, double prior);

}  // namespace riffle::learner
