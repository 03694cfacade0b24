#include "features/packet_math.h"

#include <Eigen/Core>

#include "base/check.h"

namespace riffle::features {
namespace {

using Packet = Eigen::Map<Eigen::Array<float, kPacket, 1>>;

}  // namespace

void take_logs(std::span<float> numbers) {
  RIFFLE_CHECK(numbers.size() % kPacket == 0, "numbers", numbers.size());
  for (std::size_t i = 0; i < numbers.size(); i += kPacket) {
    Packet packet(numbers.data() + i);
    packet = packet.log();
  }
}

void take_exps(std::span<float> numbers) {
  RIFFLE_CHECK(numbers.size() % kPacket == 0, "numbers", numbers.size());
  for (std::size_t i = 0; i < numbers.size(); i += kPacket) {
    Packet packet(numbers.data() + i);
    packet = packet.exp();
  }
}

void take_inverse_roots(std::span<float> numbers) {
  RIFFLE_CHECK(numbers.size() % kPacket == 0, "numbers", numbers.size());
  for (std::size_t i = 0; i < numbers.size(); i += kPacket) {
    Packet packet(numbers.data() + i);
    packet = 1 / packet.sqrt();
  }
}

}  // namespace riffle::features
