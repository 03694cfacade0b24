// Where the largest of many numbers begin, without sorting them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "serving/vector_lanes.h"

namespace riffle::serving {

// At least m and, but for crowds of equals, not many more of the numbers are at or above the answer. `values` is padded
// (vector_lanes.h) with −∞; how many are above −∞ is at least m. None is NaN or +∞.
inline float threshold_of_largest(std::span<const float> values, std::size_t m) {
  // Narrowing it further costs more than throwing these few too many away.
  constexpr std::size_t kTooMany = 4;
  constexpr int kSteps = 20;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  FloatLanes lows = kInfinity - FloatLanes{}, highs = -lows;
  for (std::size_t i = 0; i < values.size(); i += kLanes) {
    FloatLanes value;
    load_lanes(value, values.data() + i);
    const FloatLanes finite = value == -kInfinity ? kInfinity - FloatLanes{} : value;
    lows = finite < lows ? finite : lows;
    highs = value > highs ? value : highs;
  }
  float low = kInfinity, high = -kInfinity;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    low = lows[lane] < low ? lows[lane] : low;
    high = highs[lane] > high ? highs[lane] : high;
  }
  // Halves the range of the m-th largest. At least m are at or above `low` all the time, so that stopping early, or at a
  // crowd of equals, leaves too many and never too few.
  std::size_t at_low = values.size();
  for (int step = 0; step < kSteps && at_low > m + kTooMany; ++step) {
    const float middle = low + (high - low) / 2;
    if (!(middle > low)) break;
    IntLanes counts{};
    for (std::size_t i = 0; i < values.size(); i += kLanes) {
      FloatLanes value;
      load_lanes(value, values.data() + i);
      counts -= value >= middle;
    }
    const auto at_middle = static_cast<std::size_t>(sum_of(counts));
    if (at_middle >= m) {
      low = middle;
      at_low = at_middle;
    } else {
      high = middle;
    }
  }
  return low;
}

// Appends the places of the numbers at or above `low`, in their order. `values` is padded with −∞, which `low` is not.
inline void append_places_from(std::span<const float> values, float low, std::vector<std::uint32_t>& places) {
  for (std::size_t i = 0; i < values.size(); i += kLanes) {
    FloatLanes value;
    load_lanes(value, values.data() + i);
    for (std::uint32_t bits = bits_of(value >= low); bits != 0; bits &= bits - 1)
      places.push_back(static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(std::countr_zero(bits)));
  }
}

}  // namespace riffle::serving
