#include "simulation/ctr.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace riffle::simulation {

ClickRates::ClickRates(std::size_t slices) : slices_(slices) { RIFFLE_CHECK(slices > 0); }

void ClickRates::add(const PolicyId& arm, const UserId& user, double fraction, std::size_t slots, std::size_t clicks) {
  RIFFLE_CHECK(fraction >= 0 && fraction <= 1, "fraction", fraction);
  RIFFLE_CHECK(clicks <= slots, "clicks", clicks, "slots", slots);
  auto& cells = arms_[arm].users[user];
  cells.resize(slices_);
  const auto slice = static_cast<std::size_t>(fraction * static_cast<double>(slices_));
  Cell& cell = cells[std::min(slice, slices_ - 1)];
  cell.slots += static_cast<std::uint32_t>(slots);
  cell.clicks += static_cast<std::uint32_t>(clicks);
}

void ClickRates::add_shown(const PolicyId& arm, const ItemId& item) { arms_[arm].shown.insert(item); }

std::vector<PolicyId> ClickRates::arms() const {
  std::vector<PolicyId> names;
  for (const auto& [name, arm] : arms_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Estimate ClickRates::ctr(const PolicyId& arm, std::size_t first, std::size_t last) const {
  RIFFLE_CHECK(first <= last && last <= slices_, "first", first, "last", last);
  Estimate estimate;
  const auto it = arms_.find(arm);
  if (it == arms_.end()) return estimate;
  std::vector<Cell> totals;
  for (const auto& [user, cells] : it->second.users) {
    Cell total;
    for (std::size_t s = first; s < last; ++s) {
      total.slots += cells[s].slots;
      total.clicks += cells[s].clicks;
    }
    if (total.slots == 0) continue;
    estimate.slots += total.slots;
    estimate.clicks += total.clicks;
    totals.push_back(total);
  }
  estimate.users = totals.size();
  if (estimate.slots == 0) return estimate;
  const auto slots = static_cast<double>(estimate.slots);
  estimate.mean = static_cast<double>(estimate.clicks) / slots;
  if (totals.size() < 2) return estimate;
  double squares = 0;
  for (const Cell& total : totals) {
    const double residual = total.clicks - estimate.mean * total.slots;
    squares += residual * residual;
  }
  const auto users = static_cast<double>(totals.size());
  const double margin = 1.96 * std::sqrt(users / (users - 1) * squares) / slots;
  estimate.low = std::max(0.0, estimate.mean - margin);
  estimate.high = std::min(1.0, estimate.mean + margin);
  return estimate;
}

std::size_t ClickRates::coverage(const PolicyId& arm) const {
  const auto it = arms_.find(arm);
  return it == arms_.end() ? 0 : it->second.shown.size();
}

}  // namespace riffle::simulation
