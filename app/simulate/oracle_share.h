// What a policy's lists are worth against the best ones, part by part of the span: for asking how soon a policy finds its way again
// after a drift. Chances, not clicks: the world knows how likely a list is taken from, so no luck is in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "simulation/world.h"

namespace riffle::app {

class OracleShare {
 public:
  // Of lists that were asked for in one part of the span; bots' not.
  struct Slice {
    std::uint64_t sessions = 0;        // begun in it
    std::uint64_t lists = 0;
    double chance = 0;                 // Σ of the chance that something is taken of the list
    double best = 0;                   // … of the one-step oracle's list for the same user in the same mood
  };

  // The span in so many equal parts; 0: nothing is reckoned. Of a world that outlives it.
  OracleShare(const simulation::World& world, std::size_t slices) : world_(world), slices_(slices), session_(world.users(), 0) {}

  // Before the world answers it.
  void on_list(std::uint32_t user, std::span<const std::uint32_t> list);
  const std::vector<Slice>& slices() const { return slices_; }

 private:
  double chance(std::uint32_t user, std::span<const std::uint32_t> list);

  const simulation::World& world_;
  std::vector<Slice> slices_;
  std::vector<std::uint32_t> session_;   // of each user's last list
  std::vector<std::uint32_t> best_;
  std::vector<double> p_;
};

}  // namespace riffle::app
