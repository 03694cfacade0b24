// The marginal diversity g ∈ [0, 1] of every candidate given the slots already filled: 1 says it is like nothing above.
// Items are drawn and not only maximised, so a diversifier follows what was drawn: reset, then gains and add in turns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "features/catalogue.h"

namespace riffle::serving {

// One thread; keeps its memory between lists.
class Diversifier {
 public:
  virtual ~Diversifier() = default;
  // One kernel vector a candidate, null (or all zero) for an item that nothing is known of: it is like no other, its g is
  // always 1. They must stay until the next reset.
  virtual void reset(std::span<const features::KernelVector* const> kernels) = 0;
  // Writes g of every candidate, given what was added. What was added itself gets something finite.
  virtual void gains(std::span<float> out) const = 0;
  virtual void add(std::uint32_t candidate) = 0;
};

// none, mmr, dpp. Null: no diversifier has that name.
std::unique_ptr<Diversifier> make_diversifier(std::string_view kind);
std::span<const std::string_view> diversifier_kinds();

}  // namespace riffle::serving
