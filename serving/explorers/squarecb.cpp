#include "serving/explorers/squarecb.h"

#include <algorithm>
#include <cmath>

namespace riffle::serving {

void SquareCb::distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) {
  const std::vector<std::uint32_t>& top = top_.select(choices, std::max<std::size_t>(options.top, 1));
  out.clear(top.front());
  out.everywhere = options.epsilon / static_cast<double>(choices.allowed.size());

  const double t = std::min(std::max(choices.slots_learned, 0.0), options.max_slots_learned);
  const double gamma = options.gamma_scale * std::pow(t, options.gamma_exponent);
  const double exploiting = 1 - options.epsilon;
  const auto m = static_cast<double>(top.size());
  const auto best_utility = static_cast<double>(choices.utility[out.best]);
  out.peaks.emplace_back(out.best, 0.0);
  double others = 0;
  for (std::size_t i = 1; i < top.size(); ++i) {
    const double gap = best_utility - static_cast<double>(choices.utility[top[i]]);
    const double mass = 1 / (m + gamma * gap);
    others += mass;
    out.peaks.emplace_back(top[i], exploiting * mass);
  }
  out.peaks.front().second = exploiting * (1 - others);
}

}  // namespace riffle::serving
