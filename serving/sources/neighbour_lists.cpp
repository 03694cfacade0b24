#include "serving/sources/neighbour_lists.h"

#include <algorithm>
#include <cmath>

#include "features/neighbours.h"
#include "serving/candidate_pool.h"

namespace riffle::serving {

const NeighbourList& NeighbourLists::of(const SourceInput& input, std::uint32_t item) {
  Kept& kept = kept_[item % kKept];
  const bool changing = !input.pool->is_as_published(item);
  const bool known = kept.item == item && kept.numbering == input.pool->numbering();
  if (known && kept.world == input.pool->world() && !changing && !kept.changing) return kept.list;
  if (!known) kept.list.keys.clear();
  make(input, item, kept.list);
  kept.world = input.pool->world();
  kept.numbering = input.pool->numbering();
  kept.item = item;
  kept.changing = changing;
  return kept.list;
}

// The neighbours of a row are in the order of their keys.
void NeighbourLists::copy(const std::vector<records::Neighbour>& neighbours, CandidatePool& pool, NeighbourList& list) {
  copied_.clear();
  copied_keys_.clear();
  std::size_t known = 0;
  for (const records::Neighbour& neighbour : neighbours) {
    while (known < list.keys.size() && list.keys[known] < neighbour.item) ++known;
    const bool numbered = known < list.keys.size() && list.keys[known] == neighbour.item;
    copied_.push_back({numbered ? list.entries[known].item : pool.number_of(neighbour.item), neighbour.weight});
    copied_keys_.push_back(neighbour.item);
  }
  list.entries.swap(copied_);
  list.keys.swap(copied_keys_);
}

void NeighbourLists::make(const SourceInput& input, std::uint32_t item, NeighbourList& list) {
  CandidatePool& pool = *input.pool;
  list.reference_ms = 0;
  rows_.clear();
  const records::ItemRow* own = pool.own_row(item);
  if (own) rows_.push_back(own);
  if (const features::MergedItem* merged = pool.at(item).merged)
    for (const features::StatsPart& part : merged->parts)
      if (part.row && !(own && part.shard == input.context->shard)) rows_.push_back(part.row.get());
  std::erase_if(rows_, [&](const records::ItemRow* row) { return (row->*member_).empty(); });
  for (const records::ItemRow* row : rows_)
    list.reference_ms = std::max(list.reference_ms, row->neighbour_reference_ms);

  if (rows_.size() == 1) {  // no neighbour twice, and no other scale
    copy(rows_.front()->*member_, pool, list);
    return;
  }
  list.entries.clear();
  list.keys.clear();
  if (++stamp_ == 0) {
    std::fill(places_.begin(), places_.end(), 0);
    stamp_ = 1;
  }
  for (const records::ItemRow* row : rows_) {
    const auto factor = static_cast<float>(
        features::neighbour_worth(*row, 1, from_ms(list.reference_ms), input.rows->neighbour_half_life));
    for (const records::Neighbour& neighbour : row->*member_) {
      const std::uint32_t number = pool.number_of(neighbour.item);
      if (number >= places_.size()) places_.resize(std::max<std::size_t>(pool.numbers(), 2 * places_.size()));
      std::uint64_t& place = places_[number];
      if (place >> 32 == stamp_) {
        list.entries[static_cast<std::uint32_t>(place)].weight += factor * neighbour.weight;
      } else {
        place = std::uint64_t{stamp_} << 32 | list.entries.size();
        list.entries.push_back({number, factor * neighbour.weight});
      }
    }
  }
}

}  // namespace riffle::serving
