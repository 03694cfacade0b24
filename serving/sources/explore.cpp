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
  const std::vector<ItemKey>& items = context.catalogue->newest;
  Rng pick(stable_hash(input.request->user_id.str(), context.ordinal));
  // Twice as many draws as wanted: some meet an item again, or one that the rules refuse.
  for (std::size_t draw = 0; draw < 2 * wanted && out.size() < wanted; ++draw) {
    const std::uint32_t item = input.pool->resolve(items[pick.below(items.size())]);
    const bool again = std::any_of(out.begin(), out.end(), [&](const SourcedItem& found) { return found.item == item; });
    if (!again && input.pool->allowed(item)) out.push_back({item, 0, ItemKey()});
  }
}

}  // namespace riffle::serving
