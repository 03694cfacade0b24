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
    utility_.assign(padded(choices.allowed.size()), -std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < choices.allowed.size(); ++i) utility_[i] = choices.utility[choices.allowed[i]];
    const float low = threshold_of_largest(utility_, choices.allowed.size(), m);
    for (std::size_t i = 0; i < choices.allowed.size(); ++i)
      if (utility_[i] >= low) top_.push_back(choices.allowed[i]);
    std::nth_element(top_.begin(), top_.begin() + static_cast<std::ptrdiff_t>(m) - 1, top_.end(), better);
    top_.resize(m);
  }
  std::iter_swap(top_.begin(), std::min_element(top_.begin(), top_.end(), better));
  return top_;
}

}  // namespace riffle::serving
