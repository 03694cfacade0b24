// Every user's last so many items, newest first.
#pragma once

#include <span>
#include <vector>

#include "evaluation/prequential/ledger.h"

namespace riffle::evaluation {

class LastItems {
 public:
  explicit LastItems(std::size_t most) : most_(most) {}

  std::span<const ItemIndex> of(UserIndex user) const {
    if (user >= items_.size()) return {};
    return items_[user];
  }
  void add(UserIndex user, ItemIndex item) {
    if (user >= items_.size()) items_.resize(user + 1);
    std::vector<ItemIndex>& items = items_[user];
    items.insert(items.begin(), item);
    if (items.size() > most_) items.pop_back();
  }
  std::size_t memory_bytes() const { return items_.capacity() * (sizeof(items_[0]) + (most_ + 1) * sizeof(ItemIndex)); }

 private:
  std::size_t most_;
  std::vector<std::vector<ItemIndex>> items_;
};

}  // namespace riffle::evaluation
