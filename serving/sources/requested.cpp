#include "serving/sources/requested.h"

#include "base/hash.h"
#include "serving/candidate_pool.h"

namespace riffle::serving {

void RequestedSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  out.clear();
  keys_.clear();
  for (const records::RequestCandidate& candidate : input.request->candidates)
    keys_.push_back(key_of(candidate.item_id));
  input.pool->resolve(keys_, items_);
  for (std::size_t i = 0; i < items_.size() && out.size() < wanted; ++i) {
    const records::RequestCandidate& candidate = input.request->candidates[i];
    PooledItem& item = input.pool->at(items_[i]);
    if (item.requested) continue;
    item.requested = &candidate;
    item.judged = false;  // being asked for changes the rules' answer
    if (input.pool->allowed(items_[i])) out.push_back({items_[i], item.given(), ItemKey()});
  }
}

}  // namespace riffle::serving
