// No diversification: g is 0 for everything, whatever its weight.
#pragma once

#include <algorithm>

#include "serving/diversifiers/diversifier.h"

namespace riffle::serving {

class NoDiversifier final : public Diversifier {
 public:
  void reset(const DiversifierInput&) override {}
  void gains(std::span<float> out) const override { std::fill(out.begin(), out.end(), 0.f); }
  void add(std::uint32_t) override {}
};

}  // namespace riffle::serving
