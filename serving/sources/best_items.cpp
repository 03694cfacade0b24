#include "serving/sources/best_items.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "serving/candidate_pool.h"
#include "serving/threshold.h"
#include "serving/vector_lanes.h"

namespace riffle::serving {

void BestItems::read_scores(const std::vector<SourcedItem>& items) {
  scores_.resize(padded(items.size()));
  for (std::size_t i = 0; i < items.size(); ++i) scores_[i] = items[i].score;
  std::fill(scores_.begin() + static_cast<std::ptrdiff_t>(items.size()), scores_.end(),
            -std::numeric_limits<float>::infinity());
}

void BestItems::keep(std::size_t wanted, const CandidatePool& pool, std::vector<SourcedItem>& items) {
  const auto better = [&](const SourcedItem& a, const SourcedItem& b) {
    if (a.score != b.score) return a.score > b.score;
    return pool.at(a.item).key < pool.at(b.item).key;
  };
  read_scores(items);
  if (wanted < items.size()) {
    kept_.clear();
    if (wanted > 0) append_places_from(scores_, threshold_of_largest(scores_, wanted), kept_);
    for (std::size_t i = 0; i < kept_.size(); ++i) items[i] = items[kept_[i]];  // places grow: none is read after it was written
    items.resize(kept_.size());
    read_scores(items);
  }
  if (items.size() > kCounted) {
    std::sort(items.begin(), items.end(), better);
    if (wanted < items.size()) items.resize(wanted);
    return;
  }
  ranked_.resize(items.size());
  ranks_.resize(items.size());
  before_.resize(items.size());
  last_.assign(items.size(), kNone);
  for (std::size_t i = 0; i < items.size(); ++i) {
    IntLanes above{};
    for (std::size_t j = 0; j < scores_.size(); j += kLanes) {
      FloatLanes score;
      load_lanes(score, scores_.data() + j);
      above -= score > items[i].score;
    }
    ranks_[i] = static_cast<std::uint32_t>(sum_of(above));
    before_[i] = std::exchange(last_[ranks_[i]], static_cast<std::uint32_t>(i));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::size_t rank = ranks_[i];
    for (std::uint32_t j = last_[ranks_[i]]; j != kNone; j = before_[j]) rank += better(items[j], items[i]);
    ranked_[rank] = items[i];
  }
  items.assign(ranked_.begin(), ranked_.begin() + static_cast<std::ptrdiff_t>(std::min(wanted, ranked_.size())));
}

}  // namespace riffle::serving
