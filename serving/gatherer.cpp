#include "serving/gatherer.h"

#include <algorithm>
#include <limits>

#include "serving/sources/category.h"
#include "serving/sources/explore.h"
#include "serving/sources/next.h"
#include "serving/sources/own.h"
#include "serving/sources/ranked_list.h"
#include "serving/sources/recent_items.h"
#include "serving/sources/requested.h"
#include "serving/sources/sequence.h"
#include "serving/sources/similar.h"
#include "serving/sources/together.h"

namespace riffle::serving {
namespace {

constexpr std::size_t kNoQuota = std::numeric_limits<std::size_t>::max();

// Turns end long before the quotas do where every source has something to say: so all together are asked for so many times
// the candidates first, as some are named twice, and for their whole quotas only where that was not enough.
constexpr double kNamed = 1.5;

// The request's own candidates are not the policy's to refuse.
bool asks(const PolicyOptions* policy, CandidateSourceId source) {
  return !policy || policy->sources.empty() || source == CandidateSourceId::kRequest ||
         std::find(policy->sources.begin(), policy->sources.end(), name_of(source)) != policy->sources.end();
}

}  // namespace

SourceOrder sources_of(const Candidate& candidate) {
  SourceOrder order;
  for (std::size_t i = 0; i < kCandidateSources; ++i)
    if ((candidate.sources >> i & 1) != 0) order.ids[order.count++] = static_cast<CandidateSourceId>(i);
  // By insertion: they are a few.
  const std::size_t first = candidate.has(CandidateSourceId::kRequest) ? 1 : 0;
  for (std::size_t i = first + 1; i < order.count; ++i)
    for (std::size_t j = i; j > first && candidate.mark(order.ids[j]).rank < candidate.mark(order.ids[j - 1]).rank; --j)
      std::swap(order.ids[j], order.ids[j - 1]);
  return order;
}

// A new source is one line here, in its place in the order of turns.
Gatherer::Gatherer(const ServingOptions& options, const features::RowOptions& rows) : options_(options), rows_(rows) {
  const auto add_source = [&](std::unique_ptr<CandidateSource> source, std::size_t quota) {
    slots_.push_back({std::move(source), quota, false, 0, {}});
  };
  add_source(std::make_unique<RequestedSource>(), kNoQuota);
  add_source(std::make_unique<TogetherSource>(), options_.sources.together);
  add_source(std::make_unique<NextSource>(), options_.sources.next);
  add_source(std::make_unique<SequenceSource>(), options_.sources.sequence);
  add_source(std::make_unique<SimilarSource>(), options_.sources.similar);
  add_source(std::make_unique<CategorySource>(), options_.sources.category);
  add_source(std::make_unique<OwnSource>(), options_.sources.own);
  add_source(std::make_unique<TrendingSource>(), options_.sources.trending);
  add_source(std::make_unique<PopularSource>(), options_.sources.popular);
  add_source(std::make_unique<FreshSource>(), options_.sources.fresh);
  add_source(std::make_unique<ExploreSource>(), options_.sources.explore);
}

const std::vector<Candidate>& Gatherer::gather(const records::Request& request, const ServingContext& context,
                                               const features::UserContext& user, std::size_t n) {
  candidates_.clear();
  rest_.clear();
  rules_.reset(request, context.user, options_);
  pool_.reset(context, rows_, rules_);
  const bool chosen_by_request = !request.candidates.empty();
  SourceInput input{.context = &context, .request = &request, .user = &user, .rows = &rows_, .recent = {}, .pool = &pool_};

  if (!context.hurry) {
    recent_items(context.user, options_.sources.recent_items, pool_, recent_);
    input.recent = recent_;
  }
  for (Slot& slot : slots_) {
    slot.found.clear();
    slot.wanted = 0;
    // Short of time, only what costs nothing to find.
    const CandidateSourceId id = slot.source->id();
    const bool quick = id == CandidateSourceId::kPopular || id == CandidateSourceId::kRequest;
    slot.asked = slot.quota != 0 && (quick || !context.hurry) && asks(context.options, id) && !slot.source->silent(input);
  }
  const std::size_t limit = std::max(options_.candidates, n);
  ask(input, chosen_by_request ? kNoQuota : share_of(static_cast<std::size_t>(kNamed * static_cast<double>(limit))));

  if (chosen_by_request) {
    for (const SourcedItem& found : slots_.front().found) add(found.item);
  } else {
    take_turns(limit);
    if (candidates_.size() < limit && ask(input, kNoQuota)) take_turns(limit);
    if (candidates_.size() < n) fill_up(input, n);
  }
  mark_all();
  return candidates_;
}

// Where quotas below the share leave something over, the others share it.
std::size_t Gatherer::share_of(std::size_t all) const {
  std::size_t share = 0;
  for (;;) {
    std::size_t rest = all, sharers = 0;
    for (const Slot& slot : slots_) {
      if (!slot.asked) continue;
      if (slot.quota <= share)
        rest -= std::min(rest, slot.quota);
      else
        ++sharers;
    }
    if (sharers == 0) return kNoQuota;
    const std::size_t larger = (rest + sharers - 1) / sharers;
    if (larger <= share) return share;
    share = larger;
  }
}

bool Gatherer::ask(const SourceInput& input, std::size_t most) {
  bool more = false;
  for (Slot& slot : slots_) {
    const std::size_t wanted = std::min(slot.quota, most), had = slot.found.size();
    // What gave less than it was asked for has no more.
    if (!slot.asked || wanted <= had || had < slot.wanted) continue;
    slot.wanted = wanted;
    slot.source->gather(input, wanted, slot.found);
    more |= slot.found.size() > had;
  }
  return more;
}

bool Gatherer::add(std::uint32_t item) {
  PooledItem& pooled = pool_.at(item);
  if (pooled.candidate != 0) return false;
  candidates_.emplace_back(item);
  pooled.candidate = static_cast<std::uint32_t>(candidates_.size());
  return true;
}

// Rank 0 of every source, then rank 1 of every source that has one, … As add() does, but whether an item is a candidate already
// cannot be foretold: it is written either way, and counted where it is new.
void Gatherer::take_turns(std::size_t limit) {
  speaking_.clear();
  for (const Slot& slot : slots_)
    if (!slot.found.empty()) speaking_.push_back(slot.found);
  std::size_t count = candidates_.size();
  candidates_.resize(limit);
  for (std::size_t rank = 0; !speaking_.empty() && count < limit; ++rank) {
    bool silent = false;
    for (const std::span<const SourcedItem> found : speaking_) {
      silent |= rank + 1 == found.size();
      if (count == limit) continue;
      const std::uint32_t item = found[rank].item;
      std::uint32_t& place = pool_.at(item).candidate;
      candidates_[count].item = item;
      const bool is_new = place == 0;
      place = is_new ? static_cast<std::uint32_t>(count + 1) : place;
      count += is_new;
    }
    if (silent) std::erase_if(speaking_, [&](std::span<const SourcedItem> found) { return rank + 1 == found.size(); });
  }
  candidates_.resize(count);
}

void Gatherer::count_marks(CandidateSourceId source, std::span<const SourcedItem> found) {
  for (const SourcedItem& one : found) {
    const std::uint32_t place = pool_.at(one.item).candidate;
    marked_.push_back(place);
    if (place != 0) candidates_[place - 1].sources |= 1u << index_of(source);
  }
}

void Gatherer::write_marks(CandidateSourceId source, std::span<const SourcedItem> found, std::size_t& at) {
  for (std::size_t rank = 0; rank < found.size(); ++rank) {
    const std::uint32_t place = marked_[at++];
    if (place == 0) continue;
    const Candidate& candidate = candidates_[place - 1];
    const std::size_t first = static_cast<std::size_t>(candidate.marks - marks_.data());
    marks_[first + candidate.place_of(source)] = {found[rank].score, static_cast<std::uint32_t>(rank), found[rank].evidence};
  }
}

// First how many sources named each, then what they said.
void Gatherer::mark_all() {
  marked_.clear();
  for (const Slot& slot : slots_) count_marks(slot.source->id(), slot.found);
  count_marks(CandidateSourceId::kCatalogue, rest_);
  std::size_t all = 0;
  for (const Candidate& candidate : candidates_) all += static_cast<std::size_t>(std::popcount(candidate.sources));
  marks_.resize(all + 1);  // one more than there are: see score_of()
  const SourceMark* next = marks_.data();
  for (Candidate& candidate : candidates_) {
    candidate.marks = next;
    next += std::popcount(candidate.sources);
  }
  std::size_t at = 0;
  for (const Slot& slot : slots_) write_marks(slot.source->id(), slot.found, at);
  write_marks(CandidateSourceId::kCatalogue, rest_, at);
}

// The quotas were not enough (a cold user, a small shop, strict rules): go further down the lists that are everybody's,
// whatever their quotas.
void Gatherer::fill_up(const SourceInput& input, std::size_t n) {
  for (Slot& slot : slots_) {
    const CandidateSourceId id = slot.source->id();
    if (id != CandidateSourceId::kPopular && id != CandidateSourceId::kTrending && id != CandidateSourceId::kFresh) continue;
    slot.source->gather(input, n, slot.found);
    for (const SourcedItem& found : slot.found)
      if (candidates_.size() < n) add(found.item);
  }
  if (candidates_.size() < n && !input.context->hurry) fill_from_catalogue(input, n);
}

// The last resort reads the whole catalogue: it comes only when everything that is ranked is against the rules. The
// smallest keys are taken, because the map's own order differs from process to process.
void Gatherer::fill_from_catalogue(const SourceInput& input, std::size_t n) {
  if (!input.context->catalogue) return;
  const std::size_t missing = n - candidates_.size();
  std::vector<ItemKey> rest;
  input.context->catalogue->items.for_each([&](ItemKey key, const features::CatalogueItem& item) {
    if (item.available) rest.push_back(key);
  });
  std::sort(rest.begin(), rest.end());
  for (const ItemKey key : rest) {
    if (rest_.size() == missing) break;
    const std::uint32_t item = pool_.resolve(key);
    if (pool_.allowed(item) && add(item)) rest_.push_back({item, 0, ItemKey()});
  }
}

}  // namespace riffle::serving
