// Logarithms, powers and roots of many numbers, eight at a time: what the library's own cost is mostly the call for each.
#pragma once

#include <cstddef>
#include <span>

namespace riffle::features {

// What loops over whole packets need no remainder for; then a number's result does not depend on its place either.
constexpr std::size_t kPacket = 8;
constexpr std::size_t whole_packets(std::size_t count) { return (count + kPacket - 1) / kPacket * kPacket; }

// In place: ln x, e^x and 1/√x, within 2 units in the last place (Eigen's). `numbers` are whole packets, but for those of e^x
// positive.
void take_logs(std::span<float> numbers);
void take_exps(std::span<float> numbers);
void take_inverse_roots(std::span<float> numbers);

}  // namespace riffle::features
