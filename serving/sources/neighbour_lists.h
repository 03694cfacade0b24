// An item's neighbours over all shards, as one list of numbers: the shard's own row and the other shards' published parts,
// added up on one scale. Lists of items in whose rows nothing has changed since the snapshot are kept from request to request.
//
// weight(i) = Σ over rows r of w_r(i) · 2^(−(reference − reference_r)/h), reference the latest of the rows'; worth
// 2^(−(t − reference)/h) of it at time t.
#pragma once

#include <cstdint>
#include <vector>

#include "records/rows.h"
#include "serving/candidate.h"

namespace riffle::serving {

struct NeighbourList {
  struct Entry {
    std::uint32_t item = 0;      // its number in the pool
    float weight = 0;
  };
  std::vector<Entry> entries;    // in the order in which the rows say them, the own row first: a function of the rows alone
  std::vector<ItemKey> keys;     // of the entries, where one row has said them all
  std::int64_t reference_ms = 0;
};

// Those of changing rows are made anew for every request, but the neighbours change less than their weights do: their numbers
// are looked up only where they are others than before.
//
// One thread.
class NeighbourLists {
 public:
  using Member = std::vector<records::Neighbour> records::ItemRow::*;
  explicit NeighbourLists(Member member) : member_(member), kept_(kKept) {}

  // Of an item that the request has met. Valid until the next call.
  const NeighbourList& of(const SourceInput& input, std::uint32_t item);

 private:
  // Lists of up to 2 kB each; an item's place is its number's remainder, and who is asked for often was met early. So
  // many cover most of what is asked for among some ten thousand items; each that is not kept is a look-up a neighbour.
  static constexpr std::size_t kKept = 4096;
  struct Kept {
    std::uint32_t world = 0;     // 0: nothing is kept here
    std::uint32_t numbering = 0;
    std::uint32_t item = 0;
    bool changing = false;
    NeighbourList list;
  };
  // What is in the list already is of the same item, if of other weights, and its numbers are valid.
  void make(const SourceInput& input, std::uint32_t item, NeighbourList& list);
  void copy(const std::vector<records::Neighbour>& neighbours, CandidatePool& pool, NeighbourList& list);

  Member member_;
  std::vector<Kept> kept_;
  std::vector<const records::ItemRow*> rows_;
  std::vector<NeighbourList::Entry> copied_;
  std::vector<ItemKey> copied_keys_;
  std::vector<std::uint64_t> places_;  // by item: stamp, place in the list that is being made
  std::uint32_t stamp_ = 0;
};

}  // namespace riffle::serving
