// Click rates from few numbers.
#pragma once

#include <algorithm>

namespace riffle::features {

constexpr float kPriorClickRate = 0.1F;  // of a shop of which nothing is known
constexpr float kPriorImpressions = 20;  // pseudo-impressions behind it

// Hits per trial, drawn towards `prior` by `pseudo` trials. Never above 1, also where a surface
// tells clicks but no impressions.
inline float smoothed_rate(float hits, float trials, float prior, float pseudo) {
  return (hits + prior * pseudo) / (std::max(hits, trials) + pseudo);
}

}  // namespace riffle::features
