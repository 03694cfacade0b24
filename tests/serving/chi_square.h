// Pearson's χ² of counts against probabilities: how far they are apart, in standard deviations of a fair draw.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace riffle::serving {

// Cells of less than five expected are put together. Wilson & Hilferty's cube root makes the statistic nearly normal: a
// fair draw is above 4 once in 30,000 times, and with a fixed seed it is so always or never.
inline double chi_square_deviations(const std::vector<double>& probabilities, const std::vector<std::size_t>& counts) {
  double total = 0;
  for (const std::size_t count : counts) total += static_cast<double>(count);
  double statistic = 0, cells = 0, rare_expected = 0, rare_count = 0;
  const auto add = [&](double expected, double count) {
    statistic += (count - expected) * (count - expected) / expected;
    cells += 1;
  };
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const double expected = probabilities[i] * total;
    if (expected >= 5) {
      add(expected, static_cast<double>(counts[i]));
    } else {
      rare_expected += expected;
      rare_count += static_cast<double>(counts[i]);
    }
  }
  if (rare_expected > 0) {
    add(rare_expected, rare_count);
  } else if (rare_count > 0) {
    return 1e9;  // what cannot happen did
  }
  const double freedom = cells - 1;
  if (freedom < 1) return 0;
  const double spread = 2 / (9 * freedom);
  return (std::cbrt(statistic / freedom) - (1 - spread)) / std::sqrt(spread);
}

}  // namespace riffle::serving
