#include "serving/sources/neighbour_sums.h"

#include <algorithm>
#include <limits>

#include "features/neighbours.h"
#include "serving/candidate_pool.h"
#include "serving/threshold.h"

namespace riffle::serving {

void NeighbourSums::add_up(const SourceInput& input, std::span<const float> weights,
                           std::vector<records::Neighbour> records::ItemRow::*neighbours) {
  sums_.clear();
  for (std::size_t k = 0; k < input.recent.size(); ++k) {
    for_each_row(input.pool->at(input.recent[k].item), input.context->shard, [&](const records::ItemRow& row) {
      const double worth =
          features::neighbour_worth(row, 1, input.context->now, input.rows->neighbour_half_life);
      const float factor = static_cast<float>(worth) * weights[k];
      for (const records::Neighbour& neighbour : row.*neighbours) {
        const float part = factor * neighbour.weight;
        Sum& sum = sums_.insert(neighbour.item.value()).first->value;
        sum.total += part;
        if (part > sum.best) {
          sum.best = part;
          sum.best_recent = static_cast<std::uint32_t>(k);
        }
      }
    });
  }
}

void NeighbourSums::largest(std::size_t most, CandidatePool& pool, std::vector<std::uint32_t>& items,
                            std::vector<Sum>& sums) {
  const auto& entries = sums_.entries();
  order_.clear();
  float least = -std::numeric_limits<float>::infinity();
  if (most < entries.size()) {
    totals_.assign(padded(entries.size()), least);
    for (std::size_t i = 0; i < entries.size(); ++i) totals_[i] = entries[i].value.total;
    least = threshold_of_largest(totals_, most);
  }
  for (std::uint32_t i = 0; i < entries.size(); ++i)
    if (entries[i].value.total >= least) order_.emplace_back(-entries[i].value.total, i);
  if (most < order_.size()) {
    // Equal totals by the order in which they were met: rows list neighbours in the order of their keys.
    std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(most), order_.end());
    order_.resize(most);
  }
  keys_.clear();
  sums.clear();
  for (const auto& [total, i] : order_) {
    keys_.push_back(ItemKey(entries[i].key));
    sums.push_back(entries[i].value);
  }
  pool.resolve(keys_, items);
}

void keep_best(std::size_t wanted, const CandidatePool& pool, std::vector<SourcedItem>& items) {
  const auto better = [&](const SourcedItem& a, const SourcedItem& b) {
    if (a.score != b.score) return a.score > b.score;
    return pool.at(a.item).key < pool.at(b.item).key;
  };
  if (wanted < items.size()) {
    std::nth_element(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(wanted), items.end(), better);
    items.resize(wanted);
  }
  std::sort(items.begin(), items.end(), better);
}

}  // namespace riffle::serving
