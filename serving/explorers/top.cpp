#include "serving/explorers/top.h"

#include <algorithm>
#include <limits>

#include "serving/threshold.h"

namespace riffle::serving {

const std::vector<std::uint32_t>& TopSelector::select(const SlotChoices& choices, std::size_t m) {
  const auto better = [&](std::uint32_t a, std::uint32_t b) { return is_better(choices, a, b); };
  top_.clear();
  if (m >= choices.allowed.size()) {
    top_.assign(choices.allowed.begin(), choices.allowed.end());
  } else {
    std::span<const float> masked = choices.masked;
    if (masked.empty()) {
      masked_.assign(padded(choices.utility.size()), -std::numeric_limits<float>::infinity());
      for (const std::uint32_t candidate : choices.allowed) masked_[candidate] = choices.utility[candidate];
      masked = masked_;
    }
    // Exactly m but for equals: to throw one too many away costs more than to narrow the threshold further.
    append_places_from(masked, threshold_of_largest(masked, m, 0), top_);
    if (top_.size() > m) {
      std::nth_element(top_.begin(), top_.begin() + static_cast<std::ptrdiff_t>(m) - 1, top_.end(), better);
      top_.resize(m);
    }
  }
  std::iter_swap(top_.begin(), std::min_element(top_.begin(), top_.end(), better));
  return top_;
}

}  // namespace riffle::serving
