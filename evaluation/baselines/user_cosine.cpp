#include "evaluation/baselines/user_cosine.h"

#include <algorithm>

namespace riffle::evaluation {

void UserCosinePolicy::sum_up(UserIndex user) {
  if (summed_ == user) return;
  summed_ = user;
  std::fill(sums_.begin(), sums_.end(), 0.0);
  if (user >= items_.size()) return;
  for (const ItemIndex from : items_[user]) users_of_both_.add_to(sums_, from, inverse_root_[from]);
}

void UserCosinePolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  sum_up(query.user);
  scores_.resize(sums_.size());
  for (std::size_t i = 0; i < sums_.size(); ++i) scores_[i] = sums_[i] * inverse_root_[i];
  best_.of_all(query, scores_, popularity_, 1e-6, list);
}

void UserCosinePolicy::learn(const Interaction& interaction) {
  if (!interaction.counts) return;
  const ItemIndex item = interaction.item;
  popularity_.add(item, interaction.time);
  if (!known_.insert(std::uint64_t{interaction.user} << 32 | item).second) return;
  if (interaction.user >= items_.size()) items_.resize(interaction.user + 1);
  if (item >= users_of_.size()) {
    users_of_.resize(item + 1, 0);
    inverse_root_.resize(item + 1, 1 / std::sqrt(kMoreUsers));
    sums_.resize(item + 1, 0);
  }
  std::vector<ItemIndex>& items = items_[interaction.user];
  for (const ItemIndex other : items) users_of_both_.add(other, item);
  ++users_of_[item];
  inverse_root_[item] = 1 / std::sqrt(users_of_[item] + kMoreUsers);
  if (summed_ == interaction.user) {
    users_of_both_.add_to(sums_, item, inverse_root_[item]);
    // What the pairs with his other items have gained.
    for (const ItemIndex other : items) sums_[item] += inverse_root_[other];
  } else {
    summed_ = kNobody;
  }
  items.push_back(item);
}

std::size_t UserCosinePolicy::memory_bytes() const {
  std::size_t bytes = known_.capacity() * 9 + users_of_both_.memory_bytes() + users_of_.capacity() * 4 +
                      (inverse_root_.capacity() + sums_.capacity() + scores_.capacity()) * sizeof(double) +
                      popularity_.memory_bytes() + items_.capacity() * sizeof(items_[0]);
  for (const auto& items : items_) bytes += items.capacity() * sizeof(ItemIndex);
  return bytes;
}

}  // namespace riffle::evaluation
