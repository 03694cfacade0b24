#include "serving/explorers/top.h"

#include <algorithm>
#include <limits>
#include <span>

#include "serving/vector_lanes.h"

namespace riffle::serving {
namespace {

// Narrowing the threshold further costs more than throwing these few too many away.
constexpr std::size_t kTooMany = 8;
constexpr int kSteps = 16;

std::size_t count_at_least(std::span<const float> utility, float threshold) {
  IntLanes counts{};
  for (std::size_t i = 0; i < utility.size(); i += kLanes) {
    FloatLanes u;
    load_lanes(u, utility.data() + i);
    counts -= u >= threshold;
  }
  std::size_t count = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) count += static_cast<std::size_t>(counts[lane]);
  return count;
}

}  // namespace

const std::vector<std::uint32_t>& TopSelector::select(const SlotChoices& choices, std::size_t m) {
  const auto better = [&](std::uint32_t a, std::uint32_t b) { return is_better(choices, a, b); };
  top_.clear();
  if (m >= choices.allowed.size()) {
    top_.assign(choices.allowed.begin(), choices.allowed.end());
  } else {
    utility_.assign(padded(choices.allowed.size()), -std::numeric_limits<float>::infinity());
    float low = std::numeric_limits<float>::infinity(), high = -low;
    for (std::size_t i = 0; i < choices.allowed.size(); ++i) {
      utility_[i] = choices.utility[choices.allowed[i]];
      low = std::min(low, utility_[i]);
      high = std::max(high, utility_[i]);
    }
    // Halves the range of the m-th best utility. At least m are at or above `low` all the time, so that stopping early, or
    // at a crowd of equals, leaves too many and never too few.
    std::size_t at_low = choices.allowed.size();
    for (int step = 0; step < kSteps && at_low > m + kTooMany; ++step) {
      const float middle = low + (high - low) / 2;
      const std::size_t count = count_at_least(utility_, middle);
      if (count >= m) {
        low = middle;
        at_low = count;
      } else {
        high = middle;
      }
    }
    for (std::size_t i = 0; i < choices.allowed.size(); ++i)
      if (utility_[i] >= low) top_.push_back(choices.allowed[i]);
    std::nth_element(top_.begin(), top_.begin() + static_cast<std::ptrdiff_t>(m) - 1, top_.end(), better);
    top_.resize(m);
  }
  std::iter_swap(top_.begin(), std::min_element(top_.begin(), top_.end(), better));
  return top_;
}

}  // namespace riffle::serving
