#include "serving/sources/together.h"

#include <algorithm>
#include <cmath>

#include "serving/candidate_pool.h"

namespace riffle::serving {
namespace {

constexpr float kSmoothing = 2;

// n_i is one lookup an item: it is read for the twice as many neighbours of largest sum, not for all.
constexpr std::size_t kLookedAt = 2;

float inverse_root(double total) { return 1 / std::sqrt(static_cast<float>(std::max(0.0, total)) + kSmoothing); }

}  // namespace

void TogetherSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  CandidatePool& pool = *input.pool;
  if (out.empty()) {
    weights_.clear();
    for (std::size_t k = 0; k < input.recent.size(); ++k) {
      const float root = inverse_root(pool.signals(input.recent[k].item).neighbour_total());
      weights_.push_back(root / (1 + .1f * static_cast<float>(k)));
    }
    sums_.add_up(input, weights_);
  }
  out.clear();
  sums_.largest(kLookedAt * wanted, pool, items_, found_);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!pool.allowed(items_[i])) continue;
    const float score = found_[i].total * inverse_root(pool.signals(items_[i]).neighbour_total());
    out.push_back({items_[i], score, input.recent[found_[i].best_recent].key});
  }
  best_.keep(wanted, pool, out);
}

}  // namespace riffle::serving
