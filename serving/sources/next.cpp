#include "serving/sources/next.h"

#include <algorithm>
#include <cmath>

#include "serving/candidate_pool.h"

namespace riffle::serving {
namespace {

constexpr double kSmoothing = 5;

// Some of the largest may be against the rules; half as many again are looked at.
std::size_t looked_at(std::size_t wanted) { return wanted + wanted / 2; }

}  // namespace

void NextSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  CandidatePool& pool = *input.pool;
  if (out.empty()) {
    weights_.clear();
    for (std::size_t k = 0; k < input.recent.size(); ++k) {
      const double total = std::max(pool.signals(input.recent[k].item).neighbour_total(), 0.0);
      weights_.push_back(static_cast<float>(std::exp2(-static_cast<double>(k)) / (total + kSmoothing)));
    }
    sums_.add_up(input, weights_);
  }
  out.clear();
  sums_.largest(looked_at(wanted), pool, items_, found_);
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (pool.allowed(items_[i]))
      out.push_back({items_[i], found_[i].total, input.recent[found_[i].best_recent].key});
  best_.keep(wanted, pool, out);
}

}  // namespace riffle::serving
