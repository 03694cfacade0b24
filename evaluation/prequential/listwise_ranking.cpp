#include "evaluation/prequential/listwise_ranking.h"

#include <algorithm>
#include <limits>

#include "serving/threshold.h"

namespace riffle::evaluation {

void ListwiseRanking::begin(const Query& query) {
  trainer_.learn(rows_, scores_, taken_);
  taken_.clear();
  items_.clear();
  user_ = query.user;
  basket_ = query.basket;
  n_ = query.n;
}

void ListwiseRanking::rank(std::vector<ItemIndex>& list) {
  trainer_.score(rows_, scores_);
  padded_.assign(scores_.begin(), scores_.end());
  padded_.resize(serving::padded(padded_.size()), -std::numeric_limits<float>::infinity());
  best_.clear(), order_.clear();
  if (const std::size_t most = std::min(n_, items_.size()); most > 0)
    serving::append_places_from(padded_, serving::threshold_of_largest(padded_, most), best_);
  for (const std::uint32_t i : best_) order_.emplace_back(-scores_[i], items_[i]);
  const std::size_t n = std::min(n_, order_.size());
  std::partial_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(n), order_.end());
  list.clear();
  for (std::size_t i = 0; i < n; ++i) list.push_back(order_[i].second);
}

void ListwiseRanking::take(const Interaction& interaction) {
  if (!interaction.counts || user_ != interaction.user || basket_ != interaction.basket) return;
  const auto place = std::find(items_.begin(), items_.end(), interaction.item);
  if (place != items_.end()) taken_.push_back(static_cast<std::uint32_t>(place - items_.begin()));
}

}  // namespace riffle::evaluation
