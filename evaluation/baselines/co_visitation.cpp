#include "evaluation/baselines/co_visitation.h"

namespace riffle::evaluation {

void CoVisitationPolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  board_.begin();
  double distance = 0;
  for (const ItemIndex from : last_.of(query.user)) {
    const double weight = inverse_root_[from] / (1 + distance / 10);
    for (const auto& [item, count] : together_.of(from)) board_.add(item, weight * count * inverse_root_[item]);
    ++distance;
  }
  board_.top(query, popularity_, 1e-6, list);
}

void CoVisitationPolicy::learn(const Interaction& interaction) {
  if (!interaction.counts) return;
  const ItemIndex item = interaction.item;
  for (const ItemIndex other : last_.of(interaction.user)) {
    if (other == item) continue;
    together_.add(other, item, 1);
    together_.add(item, other, 1);
  }
  last_.add(interaction.user, item);
  popularity_.add(item, interaction.time);
  if (item >= inverse_root_.size()) inverse_root_.resize(item + 1, 0);
  inverse_root_[item] = 1 / std::sqrt(popularity_.worth(item, interaction.time));
}

std::size_t CoVisitationPolicy::memory_bytes() const {
  return last_.memory_bytes() + together_.memory_bytes() + inverse_root_.capacity() * sizeof(double) +
         popularity_.memory_bytes() + board_.memory_bytes();
}

}  // namespace riffle::evaluation
