// How items that come within the span are learned: how often each has to be shown until it is known how often it is taken.
//
// An item's true rate is the mean, over all its impressions of the run, of the chance with which he who saw it took it: the world
// knows each. Its estimate is the score r̂ that it was shown with, which is a rate where the scorer's are clicks a slot (`arms`).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "simulation/world.h"

namespace riffle::app {

struct ColdItem {
  static constexpr double kWithin = 0.1;               // of the true rate

  std::uint32_t item = 0;
  std::uint64_t impressions = 0;
  double rate = 0, estimate = 0;                       // the true one; the last one; 0 where it was never shown
  // Impressions and time since it came, from which on the estimate stayed within kWithin; none: it ended outside.
  struct Known {
    std::uint64_t impressions = 0;
    Milliseconds after{0};
  };
  std::optional<Known> known;
};

class ColdItems {
 public:
  // Of a world that outlives it; `wanted` false: nothing is reckoned.
  ColdItems(const simulation::World& world, bool wanted);

  // Before the world answers it: its items with the scores that they were listed with. Bots' lists count: a learner sees them, too.
  void on_list(std::uint32_t user, std::span<const std::uint32_t> list, std::span<const double> scores);
  // Those that have come, by number.
  std::vector<ColdItem> items() const;

 private:
  struct Impression {
    float estimate;
    TimePoint at;
  };
  struct Item {
    double chances = 0;
    std::vector<Impression> impressions;
  };
  bool is_cold(std::uint32_t item) const;

  const simulation::World& world_;
  std::vector<Item> items_;                            // by number; none: not wanted
  std::vector<double> p_;
};

}  // namespace riffle::app
