// The simulated shop's catalogue: items with category, brand, price, age, and a hidden quality that only the simulation
// knows. A seed decides all of it; immutable after construction, so any thread may read it.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "records/item.h"
#include "simulation/options.h"

namespace riffle::simulation {

class Shop {
 public:
  // `options` must be valid.
  explicit Shop(const ShopOptions& options);

  // As the shop would publish them on `items`.
  const std::vector<records::Item>& items() const { return items_; }
  std::size_t size() const { return items_.size(); }
  std::size_t categories() const { return categories_; }

  std::optional<std::size_t> find(const ItemId& id) const;  // its index in items()
  std::size_t category(std::size_t item) const { return category_[item]; }   // leaf < categories()
  // In (0, 1]: what every user likes in the item alike. A third of the items are below 0.2, a third above
  // 0.8.
  double quality(std::size_t item) const { return quality_[item]; }

  // Mean over the list's pairs of: 0 in the same leaf, 1/2 in the same branch, 1 otherwise. 0 for fewer than two known items.
  double category_distance(const std::vector<ItemId>& list) const;

 private:
  std::size_t categories_;
  std::vector<records::Item> items_;
  std::vector<std::size_t> category_;
  std::vector<double> quality_;
  absl::flat_hash_map<ItemId, std::size_t> index_;
};

// Leaves of one branch are neighbours: four to a branch.
constexpr std::size_t branch_of(std::size_t leaf) { return leaf / 4; }

}  // namespace riffle::simulation
