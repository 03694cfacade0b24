#include "serving/sources/own.h"

#include <algorithm>

#include "serving/candidate_pool.h"

namespace riffle::serving {

void OwnSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  out.clear();
  weights_.clear();
  for (const auto& [key, own] : input.user->items)
    if (own.weight > 0 && key != ItemKey()) weights_.emplace_back(own.weight, key);
  std::sort(weights_.begin(), weights_.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  keys_.clear();
  for (const auto& [weight, key] : weights_) keys_.push_back(key);
  input.pool->resolve(keys_, items_);
  for (std::size_t i = 0; i < items_.size() && out.size() < wanted; ++i)
    if (input.pool->allowed(items_[i])) out.push_back({items_[i], weights_[i].first, keys_[i]});
}

}  // namespace riffle::serving
