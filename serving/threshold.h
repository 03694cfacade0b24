// Where the largest of many numbers begin, without sorting them.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include "serving/vector_lanes.h"

namespace riffle::serving {

// At least m and, but for crowds of equals, not many more of the numbers are at or above the answer. m ≤ how many there are;
// none is NaN. `values` is padded (vector_lanes.h) with −∞.
inline float threshold_of_largest(std::span<const float> values, std::size_t count, std::size_t m) {
  // Narrowing it further costs more than throwing these few too many away.
  constexpr std::size_t kTooMany = 8;
  constexpr int kSteps = 16;
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (std::size_t i = 0; i < count; ++i) {
    low = values[i] < low ? values[i] : low;
    high = values[i] > high ? values[i] : high;
  }
  // Halves the range of the m-th largest. At least m are at or above `low` all the time, so that stopping early, or at a
  // crowd of equals, leaves too many and never too few.
  std::size_t at_low = count;
  for (int step = 0; step < kSteps && at_low > m + kTooMany; ++step) {
    const float middle = low + (high - low) / 2;
    IntLanes counts{};
    for (std::size_t i = 0; i < values.size(); i += kLanes) {
      FloatLanes value;
      load_lanes(value, values.data() + i);
      counts -= value >= middle;
    }
    std::size_t at_middle = 0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) at_middle += static_cast<std::size_t>(counts[lane]);
    if (at_middle >= m) {
      low = middle;
      at_low = at_middle;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace riffle::serving
