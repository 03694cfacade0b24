// Eight floats side by side, as the compiler's own vector type (g++ and clang; split where the processor has narrower
// registers). For the few loops over all candidates that the optimiser does not see through. Load with load_lanes(); lanes
// never cross a function's border by value, which would change the calling convention.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace riffle::serving {

constexpr std::size_t kLanes = 8;
using FloatLanes = float __attribute__((vector_size(kLanes * sizeof(float))));
using IntLanes = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));  // of comparisons: −1 or 0

inline void load_lanes(FloatLanes& to, const float* from) { std::memcpy(&to, from, sizeof to); }
inline void store_lanes(const FloatLanes& from, float* to) { std::memcpy(to, &from, sizeof from); }

// One bit a lane of a comparison, the first lane's the lowest.
inline std::uint32_t bits_of(const IntLanes& comparison) {
  const IntLanes bits = comparison & IntLanes{1, 2, 4, 8, 16, 32, 64, 128};
  const IntLanes four = bits + __builtin_shufflevector(bits, bits, 4, 5, 6, 7, 0, 1, 2, 3);
  const IntLanes two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5);
  return static_cast<std::uint32_t>(two[0] + two[1]);
}

inline std::int32_t sum_of(const IntLanes& lanes) {
  const IntLanes four = lanes + __builtin_shufflevector(lanes, lanes, 4, 5, 6, 7, 0, 1, 2, 3);
  const IntLanes two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5);
  return two[0] + two[1];
}

// Rounded up to whole vectors, so that loops need no remainder.
constexpr std::size_t padded(std::size_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

}  // namespace riffle::serving
