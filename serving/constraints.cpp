#include "serving/constraints.h"

#include <algorithm>

namespace riffle::serving {

void CategoryCaps::reset(std::span<const CategoryCap> caps, std::span<const std::span<const CategoryKey>> paths) {
  counted_.resize(caps.size());
  for (std::size_t i = 0; i < caps.size(); ++i) {
    Counted& counted = counted_[i];
    counted.cap = caps[i];
    counted.slots.clear();
    counted.category.clear();
    numbers_.clear();
    const std::size_t depth = std::max<std::size_t>(caps[i].depth, 1);
    for (const std::span<const CategoryKey> path : paths) {
      if (path.empty()) {
        counted.category.push_back(0);
        continue;
      }
      const auto next_number = static_cast<std::uint32_t>(numbers_.size() + 1);
      const auto [entry, made] = numbers_.insert(path[std::min(depth, path.size()) - 1].value());
      if (made) entry->value = next_number;
      counted.category.push_back(entry->value);
    }
    counted.count.assign(numbers_.size() + 1, 0);
  }
}

bool CategoryCaps::allows(std::uint32_t candidate) const {
  return std::all_of(counted_.begin(), counted_.end(), [&](const Counted& counted) {
    const std::uint32_t category = counted.category[candidate];
    return category == 0 || counted.count[category] < counted.cap.most;
  });
}

void CategoryCaps::add(std::uint32_t candidate) {
  for (Counted& counted : counted_) {
    counted.slots.push_back(counted.category[candidate]);
    ++counted.count[counted.slots.back()];
    // The next slot's window reaches back window − 1 slots.
    if (counted.slots.size() >= std::max<std::size_t>(counted.cap.window, 1))
      --counted.count[counted.slots[counted.slots.size() - std::max<std::size_t>(counted.cap.window, 1)]];
  }
}

}  // namespace riffle::serving
