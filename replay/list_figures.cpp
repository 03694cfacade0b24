#include "replay/list_figures.h"

#include <algorithm>

#include "base/hash.h"
#include "serving/slate_distance.h"

namespace riffle::replay {
namespace {

double overlap(std::vector<ItemKey> a, std::vector<ItemKey> b) {
  const std::size_t longer = std::max(a.size(), b.size());
  if (longer == 0) return 1;
  std::sort(a.begin(), a.end()), std::sort(b.begin(), b.end());
  std::vector<ItemKey> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return static_cast<double>(both.size()) / static_cast<double>(longer);
}

}  // namespace

void PolicyFigures::add(const PolicyFigures& more) {
  lists += more.lists;
  slots += more.slots;
  version = std::max(version, more.version);
  for (const auto& [cause, count] : more.degraded) degraded[cause] += count;
  measured += more.measured;
  distance_sum += more.distance_sum;
  items.insert(more.items.begin(), more.items.end());
  compared += more.compared;
  identical += more.identical;
  same_first += more.same_first;
  overlap_sum += more.overlap_sum;
}

void ListFigures::add(const records::Recommendation& list, const features::Catalogue& catalogue,
                      const std::optional<std::vector<ItemKey>>& logged) {
  PolicyFigures& figures = policies_[list.policy_id];
  ++figures.lists;
  figures.slots += list.items.size();
  figures.version = std::max(figures.version, list.policy_version);
  for (const std::string& cause : list.degraded) ++figures.degraded[cause];
  std::vector<ItemKey> items;
  std::vector<const features::CatalogueItem*> shown;
  for (const records::ListedItem& item : list.items) {
    items.push_back(key_of(item.item_id));
    shown.push_back(catalogue.items.find(items.back()));
  }
  if (const auto distance = serving::category_distance(shown)) {
    ++figures.measured;
    figures.distance_sum += *distance;
  }
  figures.items.insert(items.begin(), items.end());
  if (!logged) return;
  ++figures.compared;
  figures.identical += items == *logged ? 1 : 0;
  figures.same_first += !items.empty() && !logged->empty() && items.front() == logged->front() ? 1 : 0;
  figures.overlap_sum += overlap(std::move(items), *logged);
}

PolicyFigures ListFigures::all() const {
  PolicyFigures sum;
  for (const auto& [policy, figures] : policies_) sum.add(figures);
  return sum;
}

}  // namespace riffle::replay
