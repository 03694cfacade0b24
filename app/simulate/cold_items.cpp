#include "app/simulate/cold_items.h"

#include <cmath>

#include "base/check.h"

namespace riffle::app {

ColdItems::ColdItems(const simulation::World& world, bool wanted) : world_(world), items_(wanted ? world.items() : 0) {}

bool ColdItems::is_cold(std::uint32_t item) const { return *world_.item(item).published_at > world_.start(); }

void ColdItems::on_list(std::uint32_t user, std::span<const std::uint32_t> list, std::span<const double> scores) {
  if (items_.empty()) return;
  RIFFLE_CHECK(list.size() == scores.size(), "items", list.size(), "scores", scores.size());
  p_.resize(list.size());
  world_.choose(user, world_.mood(user), list, p_);
  for (std::size_t k = 0; k < list.size(); ++k) {
    if (!is_cold(list[k])) continue;
    Item& item = items_[list[k]];
    item.chances += p_[k];
    item.impressions.push_back({static_cast<float>(scores[k]), world_.asked(user)});
  }
}

std::vector<ColdItem> ColdItems::items() const {
  std::vector<ColdItem> cold;
  for (std::uint32_t i = 0; i < items_.size(); ++i) {
    if (!is_cold(i) || *world_.item(i).published_at > world_.now()) continue;
    const std::vector<Impression>& shown = items_[i].impressions;
    ColdItem& one = cold.emplace_back(ColdItem{.item = i, .impressions = shown.size(), .known = {}});
    if (shown.empty()) continue;
    one.rate = items_[i].chances / static_cast<double>(shown.size());
    one.estimate = static_cast<double>(shown.back().estimate);
    const auto is_within = [&one](const Impression& impression) {
      return std::abs(static_cast<double>(impression.estimate) - one.rate) <= ColdItem::kWithin * one.rate;
    };
    std::size_t first = shown.size();
    while (first > 0 && is_within(shown[first - 1])) --first;
    if (first < shown.size())
      one.known = {.impressions = first, .after = shown[first].at - *world_.item(i).published_at};
  }
  return cold;
}

}  // namespace riffle::app
