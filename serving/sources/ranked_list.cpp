#include "serving/sources/ranked_list.h"

#include <algorithm>

#include "serving/candidate_pool.h"

namespace riffle::serving {

void RankedListSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  CandidatePool& pool = *input.pool;
  if (world_ != pool.world()) {
    world_ = pool.world();
    numbers_.clear();
  }
  const std::span<const ItemKey> list = ranked(*input.context);
  if (out.empty()) looked_at_ = 0;
  while (out.size() < wanted && looked_at_ < list.size()) {
    const std::size_t step = std::min(wanted - out.size(), list.size() - looked_at_);
    while (numbers_.size() < looked_at_ + step) numbers_.push_back(pool.number_of(list[numbers_.size()]));
    const std::span<const std::uint32_t> items = std::span(numbers_).subspan(looked_at_, step);
    pool.meet(items);
    for (const std::uint32_t item : items)
      if (pool.allowed(item)) out.push_back({item, score(item, input), ItemKey()});
    looked_at_ += step;
  }
}

std::span<const ItemKey> PopularSource::ranked(const ServingContext& context) const {
  return context.stats ? std::span<const ItemKey>(context.stats->popular) : std::span<const ItemKey>();
}
float PopularSource::score(std::uint32_t item, const SourceInput& input) const {
  return static_cast<float>(input.pool->signals(item).popularity());
}

std::span<const ItemKey> TrendingSource::ranked(const ServingContext& context) const {
  return context.stats ? std::span<const ItemKey>(context.stats->trending) : std::span<const ItemKey>();
}
float TrendingSource::score(std::uint32_t item, const SourceInput& input) const {
  return static_cast<float>(input.pool->signals(item).trend());
}

std::span<const ItemKey> FreshSource::ranked(const ServingContext& context) const {
  return context.catalogue ? std::span<const ItemKey>(context.catalogue->newest) : std::span<const ItemKey>();
}
float FreshSource::score(std::uint32_t item, const SourceInput& input) const {
  const features::CatalogueItem* known = input.pool->at(item).catalogue;
  if (!known) return 0;
  const std::int64_t since = known->published_ms ? known->published_ms : known->known_since_ms;
  const double days = static_cast<double>(std::max<std::int64_t>(0, to_ms(input.context->now) - since)) / 86'400'000.0;
  return static_cast<float>(1 / (1 + days));
}

}  // namespace riffle::serving
