#include "evaluation/baselines/sequential.h"

namespace riffle::evaluation {

void SequentialPolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  board_.begin();
  if (const auto last = last_.of(query.user); !last.empty())
    for (const auto& [item, count] : follows_.of(last.front())) board_.add(item, count);
  board_.top(query, popularity_, 1e-6, list);
}

void SequentialPolicy::learn(const Interaction& interaction) {
  if (!interaction.counts) return;
  float distance = 0;
  for (const ItemIndex before : last_.of(interaction.user)) {
    ++distance;
    if (before != interaction.item) follows_.add(before, interaction.item, 1 / distance);
  }
  last_.add(interaction.user, interaction.item);
  popularity_.add(interaction.item, interaction.time);
}

std::size_t SequentialPolicy::memory_bytes() const {
  return last_.memory_bytes() + follows_.memory_bytes() + popularity_.memory_bytes() + board_.memory_bytes();
}

}  // namespace riffle::evaluation
