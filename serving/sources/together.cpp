#include "serving/sources/together.h"

#include <algorithm>

#include "features/packet_math.h"
#include "serving/candidate_pool.h"

namespace riffle::serving {
namespace {

constexpr float kSmoothing = 2;

// n_i is one lookup an item: it is read for the twice as many neighbours of largest sum, not for all.
constexpr std::size_t kLookedAt = 2;

}  // namespace

void TogetherSource::find_roots(CandidatePool& pool) {
  roots_.clear();
  for (const std::uint32_t item : items_)
    roots_.push_back(std::max(0.f, static_cast<float>(pool.signals(item).neighbour_total())) + kSmoothing);
  roots_.resize(features::whole_packets(items_.size()), 1);
  features::take_inverse_roots(roots_);
}

void TogetherSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  CandidatePool& pool = *input.pool;
  if (out.empty()) {
    items_.clear();
    for (const RecentItem& recent : input.recent) items_.push_back(recent.item);
    find_roots(pool);
    weights_.clear();
    for (std::size_t k = 0; k < input.recent.size(); ++k) weights_.push_back(roots_[k] / (1 + .1f * static_cast<float>(k)));
    sums_.add_up(input, weights_);
  }
  out.clear();
  sums_.largest(kLookedAt * wanted, pool, items_, found_);
  find_roots(pool);
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (pool.allowed(items_[i])) out.push_back({items_[i], found_[i].total * roots_[i], input.recent[found_[i].best_recent].key});
  best_.keep(wanted, pool, out);
}

}  // namespace riffle::serving
