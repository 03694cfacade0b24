#include "evaluation/baselines/popular.h"

namespace riffle::evaluation {

void PopularPolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  list.clear();
  for (const auto& [score, item] : popularity_.ranking().order()) {
    if (list.size() == query.n) return;
    if (query.allowed(item)) list.push_back(item);
  }
}

void PopularPolicy::learn(const Interaction& interaction) {
  if (interaction.counts) popularity_.add(interaction.item, interaction.time);
}

}  // namespace riffle::evaluation
