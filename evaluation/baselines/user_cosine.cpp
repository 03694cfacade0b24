#include "evaluation/baselines/user_cosine.h"

namespace riffle::evaluation {

void UserCosinePolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  board_.begin();
  if (query.user < items_.size()) {
    for (const ItemIndex from : items_[query.user]) {
      const double weight = inverse_root_[from];
      for (const auto& [item, count] : users_of_both_.of(from)) board_.add(item, weight * count * inverse_root_[item]);
    }
  }
  board_.top(query, popularity_, 1e-6, list);
}

void UserCosinePolicy::learn(const Interaction& interaction) {
  if (!interaction.counts) return;
  const ItemIndex item = interaction.item;
  popularity_.add(item, interaction.time);
  if (!known_.insert(std::uint64_t{interaction.user} << 32 | item).second) return;
  if (interaction.user >= items_.size()) items_.resize(interaction.user + 1);
  for (const ItemIndex other : items_[interaction.user]) {
    users_of_both_.add(other, item, 1);
    users_of_both_.add(item, other, 1);
  }
  items_[interaction.user].push_back(item);
  if (item >= users_of_.size()) {
    users_of_.resize(item + 1, 0);
    inverse_root_.resize(item + 1, 0);
  }
  ++users_of_[item];
  inverse_root_[item] = 1 / std::sqrt(users_of_[item] + kMoreUsers);
}

std::size_t UserCosinePolicy::memory_bytes() const {
  std::size_t bytes = known_.capacity() * 9 + users_of_both_.memory_bytes() + users_of_.capacity() * 12 +
                      popularity_.memory_bytes() + board_.memory_bytes() + items_.capacity() * sizeof(items_[0]);
  for (const auto& items : items_) bytes += items.capacity() * sizeof(ItemIndex);
  return bytes;
}

}  // namespace riffle::evaluation
