#include "evaluation/bounded_counts.h"

#include <algorithm>
#include <limits>

namespace riffle::evaluation {
namespace {

// Keys need not be spread evenly by themselves: small numbers, say (the finaliser of SplitMix64).
std::uint64_t spread(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

void DistinctCount::add(std::uint64_t key) {
  const std::uint64_t hash = spread(key);
  if (smallest_.size() == kKept && hash >= *smallest_.rbegin()) return;
  smallest_.insert(hash);
  if (smallest_.size() > kKept) smallest_.erase(std::prev(smallest_.end()));
}

double DistinctCount::estimate() const {
  if (exact()) return static_cast<double>(smallest_.size());
  const double share =
      static_cast<double>(*smallest_.rbegin()) / static_cast<double>(std::numeric_limits<std::uint64_t>::max());
  return static_cast<double>(kKept - 1) / share;
}

void HeavyHitter::add(std::uint64_t key, double weight) {
  if (const auto at = counts_.find(key); at != counts_.end()) {
    at->second.count += weight;
    return;
  }
  if (counts_.size() < kKept) {
    counts_[key] = {weight, 0};
    return;
  }
  const auto least = std::min_element(counts_.begin(), counts_.end(),
                                      [](const auto& a, const auto& b) { return a.second.count < b.second.count; });
  const double floor = least->second.count;
  counts_.erase(least);
  counts_[key] = {floor + weight, floor};
}

double HeavyHitter::at_least() const {
  double most = 0;
  for (const auto& [key, count] : counts_) most = std::max(most, count.count - count.error);
  return most;
}

bool RecentRepeats::add(std::uint64_t key) {
  if (!known_.insert(key).second) return true;
  order_.push_back(key);
  if (order_.size() > kKept) {
    known_.erase(order_.front());
    order_.pop_front();
  }
  return false;
}

}  // namespace riffle::evaluation
