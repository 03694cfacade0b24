#include "serving/explorers/squarecb.h"

#include <algorithm>
#include <cmath>

namespace riffle::serving {

void SquareCb::distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) {
  const std::size_t top = std::min(std::max<std::size_t>(options.top, 1), choices.allowed.size());
  order_.assign(choices.allowed.begin(), choices.allowed.end());
  const auto better = [&](std::uint32_t a, std::uint32_t b) { return is_better(choices, a, b); };
  if (top < order_.size()) {
    std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(top) - 1, order_.end(), better);
    order_.resize(top);
  }
  out.clear(*std::min_element(order_.begin(), order_.end(), better));
  out.everywhere = options.epsilon / static_cast<double>(choices.allowed.size());

  const double t = std::min(std::max(choices.slots_learned, 0.0), options.max_slots_learned);
  const double gamma = options.gamma_scale * std::pow(t, options.gamma_exponent);
  const double exploiting = 1 - options.epsilon;
  const auto best_utility = static_cast<double>(choices.utility[out.best]);
  out.peaks.emplace_back(out.best, 0.0);
  double others = 0;
  for (const std::uint32_t item : order_) {
    if (item == out.best) continue;
    const double gap = best_utility - static_cast<double>(choices.utility[item]);
    const double mass = 1 / (static_cast<double>(top) + gamma * gap);
    others += mass;
    out.peaks.emplace_back(item, exploiting * mass);
  }
  out.peaks.front().second = exploiting * (1 - others);
}

}  // namespace riffle::serving
