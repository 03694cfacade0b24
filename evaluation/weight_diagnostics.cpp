#include "evaluation/weight_diagnostics.h"

#include <cmath>

namespace riffle::evaluation {
namespace {

constexpr int kSmallestPower = -4;

std::size_t bin_of(double weight, std::size_t bins) {
  if (weight <= 0) return 0;
  const int power = std::ilogb(weight);
  return static_cast<std::size_t>(
      std::clamp(power - kSmallestPower + 2, 1, static_cast<int>(bins) - 1));
}

}  // namespace

void SlotDiagnostics::add(double earned, double used, double largest, double propensity) {
  ++rounds;
  rewarded += earned != 0 ? 1 : 0;
  reward += earned;
  weight += used;
  weight_squares += used * used;
  largest_weight = std::max(largest_weight, largest);
  weighted_reward += used * earned;
  smallest_propensity = std::min(smallest_propensity, propensity);
}

void WeightDiagnostics::add(const RoundTerms& round, std::uint32_t first_position, double raw,
                            double clip) {
  const double limit = clip > 0 ? clip : std::numeric_limits<double>::infinity();
  const double weight = std::min(raw, limit);
  ++rounds_;
  weight_ += weight;
  squares_ += weight * weight;
  largest_ = std::max(largest_, raw);
  clipped_ += raw > limit ? 1 : 0;
  tail_.add(raw);
  ++histogram_[bin_of(raw, histogram_.size())];

  double prefix = 1;
  bool rewarded = false;
  for (std::size_t k = 0; k < round.slots.size(); ++k) {
    const SlotTerms& slot = round.slots[k];
    prefix *= slot.target / slot.propensity;
    const double used = std::min(prefix, limit);
    const auto position = first_position + static_cast<std::uint32_t>(k);
    if (slots_.size() <= position) slots_.resize(position + 1);
    SlotDiagnostics& place = slots_[position];
    place.position = position;
    place.add(slot.reward, used, used, slot.propensity);
    smallest_propensity_ = std::min(smallest_propensity_, slot.propensity);
    small_ += slot.propensity < kSmallPropensity ? 1 : 0;
    rewarded |= slot.reward != 0;
  }
  rewarded_ += rewarded ? 1 : 0;
}

}  // namespace riffle::evaluation
