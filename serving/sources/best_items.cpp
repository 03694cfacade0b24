#include "serving/sources/best_items.h"

#include <algorithm>
#include <limits>

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
    const float least = wanted == 0 ? std::numeric_limits<float>::infinity() : threshold_of_largest(scores_, wanted);
    std::erase_if(items, [&](const SourcedItem& item) { return item.score < least; });
    read_scores(items);
  }
  if (items.size() > kCounted) {
    std::sort(items.begin(), items.end(), better);
    if (wanted < items.size()) items.resize(wanted);
    return;
  }
  ranked_.resize(items.size());
  for (const SourcedItem& item : items) {
    IntLanes above{}, level{};
    for (std::size_t i = 0; i < scores_.size(); i += kLanes) {
      FloatLanes score;
      load_lanes(score, scores_.data() + i);
      above -= score > item.score;
      level -= score == item.score;
    }
    auto rank = static_cast<std::size_t>(sum_of(above));
    if (sum_of(level) > 1)
      for (const SourcedItem& other : items) rank += other.score == item.score && better(other, item);
    ranked_[rank] = item;
  }
  items.assign(ranked_.begin(), ranked_.begin() + static_cast<std::ptrdiff_t>(std::min(wanted, ranked_.size())));
}

}  // namespace riffle::serving
