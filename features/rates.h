// Click rates from few numbers.
#pragma once

#include <algorithm>

#include "records/rows.h"

namespace riffle::features {

constexpr float kPriorClickRate = 0.1F;  // of a shop of which nothing is known
constexpr float kPriorImpressions = 20;  // pseudo-impressions behind it

// Hits per trial, drawn towards `prior` by `pseudo` trials. Never above 1, also where a surface
// tells clicks but no impressions.
inline float smoothed_rate(float hits, float trials, float prior, float pseudo) {
  return (hits + prior * pseudo) / (std::max(hits, trials) + pseudo);
}

// Of all the user's impressions.
inline float user_click_rate(const records::UserRow& row) {
  const auto clicks = static_cast<float>(
      row.counts[static_cast<std::size_t>(records::InteractionType::kClick)]);
  return smoothed_rate(clicks, static_cast<float>(row.impression_count), kPriorClickRate,
                       kPriorImpressions);
}

}  // namespace riffle::features
