#include "features/packet_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"

namespace riffle::features {
namespace {

// Each number against the library's in double precision, and the same number at every place of a packet.
template <class Function, class Exact>
void expect_like(const Function& take, const Exact& exact, double least, double most) {
  Rng rng(3);
  for (int i = 0; i < 2000; ++i) {
    const auto x = static_cast<float>(least * std::pow(most / least, rng.uniform()));
    std::vector<float> packet(kPacket, x);
    take(packet);
    const double right = exact(static_cast<double>(x));
    EXPECT_NEAR(packet[0], right, 2 * std::abs(right) * std::numeric_limits<float>::epsilon() + 1e-38) << x;
    EXPECT_EQ(packet, std::vector<float>(kPacket, packet[0])) << x;
  }
}

TEST(PacketMath, IsTheLibrarysWithinTwoUnitsInTheLastPlace) {
  expect_like(take_logs, [](double x) { return std::log(x); }, 1.5, 1e30);
  expect_like(take_logs, [](double x) { return std::log(x); }, 1e-30, .7);
  expect_like(take_exps, [](double x) { return std::exp(x); }, 1e-6, 80);
  expect_like(take_inverse_roots, [](double x) { return 1 / std::sqrt(x); }, 1e-20, 1e20);
}

TEST(PacketMath, TakesNothingOfNumbersAndOfWhatIsBelowAllNumbers) {
  std::vector<float> none, below(kPacket, -std::numeric_limits<float>::infinity());
  take_logs(none);
  take_exps(below);
  for (const float x : below) EXPECT_LT(x, 1e-37F);
}

}  // namespace
}  // namespace riffle::features
