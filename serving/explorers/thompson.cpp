#include "serving/explorers/thompson.h"

#include <algorithm>

namespace riffle::serving {

void Thompson::distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) {
  out.clear(best_of(choices));
  out.everywhere = options.epsilon / static_cast<double>(choices.allowed.size());
  const std::size_t draws = choices.draws.size() / choices.utility.size();
  if (draws == 0) {
    out.peaks.emplace_back(out.best, 1 - options.epsilon);
    return;
  }
  const auto bonus_of = [&](std::uint32_t item) { return choices.bonus.empty() ? 0.F : choices.bonus[item]; };
  const std::uint32_t first = choices.allowed.front();
  best_.assign(draws, first);
  best_value_.resize(draws);
  for (std::size_t s = 0; s < draws; ++s) best_value_[s] = choices.draws[first * draws + s] + bonus_of(first);
  for (const std::uint32_t item : choices.allowed.subspan(1)) {
    const float bonus = bonus_of(item);
    const float* row = choices.draws.data() + item * draws;
    for (std::size_t s = 0; s < draws; ++s) {
      const float value = row[s] + bonus;
      if (value < best_value_[s] || (value == best_value_[s] && choices.keys[best_[s]] < choices.keys[item])) continue;
      best_value_[s] = value;
      best_[s] = item;
    }
  }
  std::sort(best_.begin(), best_.end());
  const double share = (1 - options.epsilon) / static_cast<double>(draws);
  for (auto it = best_.begin(); it != best_.end();) {
    const auto next = std::upper_bound(it, best_.end(), *it);
    out.peaks.emplace_back(*it, share * static_cast<double>(next - it));
    it = next;
  }
}

}  // namespace riffle::serving
