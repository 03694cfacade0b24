#include "evaluation/baselines/own_frequency.h"

namespace riffle::evaluation {

void OwnFrequencyPolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  board_.begin();
  if (query.user < counts_.size() && !query.new_only)
    for (const auto& [item, count] : counts_[query.user]) board_.add(item, count.sessions);
  board_.top(query, popularity_, 1e-6, list);
}

void OwnFrequencyPolicy::learn(const Interaction& interaction) {
  if (!interaction.counts) return;
  if (interaction.user >= counts_.size()) counts_.resize(interaction.user + 1);
  Count& count = counts_[interaction.user][interaction.item];
  if (count.sessions == 0 || count.last_basket != interaction.basket) ++count.sessions;
  count.last_basket = interaction.basket;
  popularity_.add(interaction.item, interaction.time);
}

std::size_t OwnFrequencyPolicy::memory_bytes() const {
  std::size_t bytes = popularity_.memory_bytes() + board_.memory_bytes() + counts_.capacity() * sizeof(counts_[0]);
  for (const auto& counts : counts_) bytes += counts.capacity() * (sizeof(ItemIndex) + sizeof(Count) + 5);
  return bytes;
}

}  // namespace riffle::evaluation
