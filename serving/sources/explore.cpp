#include "serving/sources/explore.h"

#include <algorithm>

#include "base/hash.h"
#include "base/rng.h"
#include "serving/candidate_pool.h"

namespace riffle::serving {

bool ExploreSource::silent(const SourceInput& input) const {
  return !input.context->catalogue || input.context->catalogue->newest.empty();
}

void ExploreSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  out.clear();
  if (silent(input)) return;
  const ServingContext& context = *input.context;
  CandidatePool& pool = *input.pool;
  const std::vector<ItemKey>& items = context.catalogue->newest;
  if (world_ != pool.world()) {
    world_ = pool.world();
    numbers_.assign(items.size(), kNone);
  }
  Rng pick(stable_hash(input.request->user_id.str(), context.ordinal));
  // Twice as many draws as wanted: some meet an item again, or one that the rules refuse. Half of them are mostly enough.
  for (int half = 0; half < 2 && out.size() < wanted; ++half) {
    drawn_.clear();
    for (std::size_t draw = 0; draw < wanted; ++draw) {
      const std::size_t place = pick.below(items.size());
      if (numbers_[place] == kNone) numbers_[place] = pool.number_of(items[place]);
      drawn_.push_back(numbers_[place]);
    }
    pool.meet(drawn_);
    for (const std::uint32_t item : drawn_) {
      if (out.size() == wanted) break;
      const bool again = std::any_of(out.begin(), out.end(), [&](const SourcedItem& found) { return found.item == item; });
      if (!again && pool.allowed(item)) out.push_back({item, 0, ItemKey()});
    }
  }
}

}  // namespace riffle::serving
