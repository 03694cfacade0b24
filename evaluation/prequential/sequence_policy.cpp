#include "evaluation/prequential/sequence_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace riffle::evaluation {

void SequencePolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  scores_.assign(query.ledger->items(), std::numeric_limits<float>::quiet_NaN());
  const std::span<const float> by_slot = model_.ask(query.user, query.time);
  float least = 0;
  for (std::uint32_t slot = 0; slot < by_slot.size(); ++slot) {
    const ItemIndex item = model_.item_of(slot);
    if (item == SequenceModel::kNone) continue;
    scores_[item] = by_slot[slot];
    least = std::min(least, by_slot[slot]);
  }
  best_.begin(query);
  double bar = best_.bar();
  for (ItemIndex item = 0; item < scores_.size(); ++item) {
    if (!(scores_[item] >= bar)) continue;
    best_.offer(item, scores_[item]);
    bar = best_.bar();
  }
  if (bar == -std::numeric_limits<double>::infinity()) {
    const double most = popularity_.most(query.time) + 1;
    for (const auto& [level, item] : popularity_.ranking().order())
      if (std::isnan(scores_[item])) best_.offer(item, least - 1 + popularity_.worth(item, query.time) / most);
  }
  best_.write(list);
}

void SequencePolicy::learn(const Interaction& interaction) {
  if (interaction.counts) popularity_.add(interaction.item, interaction.time);
  model_.learn(interaction);
}

}  // namespace riffle::evaluation
