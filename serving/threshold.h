// Where the largest of many numbers begin, without sorting them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "serving/vector_lanes.h"

namespace riffle::serving {

// At least m and, but for crowds of equals, at most `too_many` more of the numbers are at or above the answer. `values` is padded
// (vector_lanes.h) with −∞; how many are above −∞ is at least m. None is NaN or +∞.
inline float threshold_of_largest(std::span<const float> values, std::size_t m, std::size_t too_many = 4) {
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
  for (int step = 0; step < kSteps && at_low > m + too_many; ++step) {
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

// For each set of lanes, their numbers one after the other.
inline constexpr std::array<std::array<std::uint8_t, kLanes>, 256> kLanesOf = [] {
  std::array<std::array<std::uint8_t, kLanes>, 256> lanes{};
  for (std::size_t bits = 0; bits < lanes.size(); ++bits)
    for (std::size_t lane = 0, at = 0; lane < kLanes; ++lane)
      if ((bits >> lane & 1) != 0) lanes[bits][at++] = static_cast<std::uint8_t>(lane);
  return lanes;
}();

// Appends the places of the numbers at or above `low`, in their order. `values` is padded with −∞, which `low` is not. Eight
// places are written for eight numbers, whatever they are, and those that are not meant are written over: what is above is as
// good as random, and a wrong guess of the processor costs more than that.
inline void append_places_from(std::span<const float> values, float low, std::vector<std::uint32_t>& places) {
  std::size_t count = places.size();
  places.resize(count + values.size());
  for (std::size_t i = 0; i < values.size(); i += kLanes) {
    FloatLanes value;
    load_lanes(value, values.data() + i);
    const std::uint32_t bits = bits_of(value >= low);
    for (std::size_t lane = 0; lane < kLanes; ++lane) places[count + lane] = static_cast<std::uint32_t>(i) + kLanesOf[bits][lane];
    count += static_cast<std::size_t>(std::popcount(bits));
  }
  places.resize(count);
}

}  // namespace riffle::serving
