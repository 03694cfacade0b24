// The truth about the users: what they like, what tires them, and how likely a click is. Owned by Shoppers, which is the
// only one to change it.
//
//   P(click on item i at position k by user u at t) = examination(k) · attraction(u, i, t)
//   attraction = click_scale · warmth_u · taste_u(category of i, t) · quality_i · own_ui / (1 + w·f_ui + v·f_uc)
//
// with f the examinations without a click, halved every half-life (w, v: item_fatigue, category_fatigue); own_ui the pair's
// idiosyncrasy, times bought_factor once bought; capped at 0.95.
#pragma once

#include <cstddef>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "simulation/options.h"
#include "simulation/shop.h"

namespace riffle::simulation {

class Tastes {
 public:
  // `shop` must outlive it; `options` must be valid. 8 bytes a pair of user and item.
  Tastes(const Shop& shop, const ShoppersOptions& options);

  double examination(std::size_t position) const;
  double attraction(std::size_t user, std::size_t item, TimePoint at) const;
  // Of all items at once, into `scores` (one an item).
  void attractions(std::size_t user, TimePoint at, std::vector<float>& scores) const;
  // In [0, 1]: of a category, without fatigue.
  double taste(std::size_t user, std::size_t category, TimePoint at) const;
  TimePoint drift_time() const { return drift_time_; }

  void on_ignored(std::size_t user, std::size_t item, TimePoint at);  // examined, not clicked
  void on_bought(std::size_t user, std::size_t item);

 private:
  struct Pair {
    float own;      // quality of the item and idiosyncrasy of the pair
    float ignored;  // examinations without a click, in units of 2^(t / half-life): so nothing has to be decayed
  };

  const float* tastes(std::size_t user, TimePoint at) const;
  double units(TimePoint at) const;  // 2^((at - start) / half-life)

  const Shop& shop_;
  const ShoppersOptions options_;
  const TimePoint start_;
  const TimePoint drift_time_;
  std::vector<double> examination_;
  std::vector<float> warmth_;          // by user: how readily he clicks at all
  std::vector<float> before_, after_;  // user × category: taste before and after the drift
  std::vector<Pair> pairs_;            // user × item
  std::vector<float> ignored_;         // user × category, in the same units
};

}  // namespace riffle::simulation
