#include "learner/examination.h"

#include <algorithm>

namespace riffle::learner {

std::vector<double> fit_examination(std::span<const PositionEvidence> positions, double prior) {
  std::vector<double> examination(positions.size(), 1.0);
  if (positions.empty() || positions[0].count <= 0) return examination;
  const auto& first = positions[0];
  for (std::size_t k = 1; k < positions.size(); ++k) {
    const auto& here = positions[k];
    if (here.count <= 0) continue;
    const double pooled = (first.reward + here.reward) / (first.count + here.count);
    const double mean_here = (here.reward + prior * pooled) / (here.count + prior);
    const double mean_first = (first.reward + prior * pooled) / (first.count + prior);
    // Means at or below 0 (dislikes outweigh likes, or no reward at all) say nothing of how many looked.
    if (!(mean_first > 0) || !(mean_here >= 0)) continue;
    examination[k] = std::clamp(mean_here / mean_first, kSmallestExamination, kLargestExamination);
  }
  return examination;
}

}  // namespace riffle::learner
