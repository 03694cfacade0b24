#include "serving/explorers/softmax.h"

#include <algorithm>
#include <cmath>

namespace riffle::serving {

void Softmax::distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) {
  const std::vector<std::uint32_t>& top = top_.select(choices, std::max<std::size_t>(options.top, 1));
  out.clear(top.front());
  out.everywhere = options.epsilon / static_cast<double>(choices.allowed.size());
  const auto best_utility = static_cast<double>(choices.utility[out.best]);
  double sum = 0;
  for (const std::uint32_t item : top) {
    const double odds = std::exp((static_cast<double>(choices.utility[item]) - best_utility) / options.temperature);
    sum += odds;
    out.peaks.emplace_back(item, odds);
  }
  for (auto& [item, mass] : out.peaks) mass *= (1 - options.epsilon) / sum;  // the best has odds of 1: never 0 / 0
}

}  // namespace riffle::serving
