#include "features/fresh_items.h"

#include <algorithm>

namespace riffle::features {

void FreshItems::told(std::uint64_t epoch, std::span<const ItemKey> items) {
  if (!items.empty()) on_their_way_.push_back({epoch, SparseKeySet(items)});
}

void FreshItems::heard(std::uint64_t epoch) {
  while (!on_their_way_.empty() && on_their_way_.front().epoch <= epoch) on_their_way_.pop_front();
}

bool FreshItems::is_on_its_way(ItemKey item) const {
  return std::any_of(on_their_way_.begin(), on_their_way_.end(),
                     [&](const Told& told) { return told.items.contains(item); });
}

}  // namespace riffle::features
