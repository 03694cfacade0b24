// Of how many users each pair of items was taken by: rows of counts, a row an item, that are added to sums of a user as a
// whole. A row is a hash table while it has few items of those that there are, and an array once it has an eighth of them:
// it is then smaller, and added up as fast as memory gives it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "evaluation/prequential/ledger.h"

namespace riffle::evaluation {

class CommonUsers {
 public:
  // Both ways.
  void add(ItemIndex a, ItemIndex b) {
    raise(a, b);
    raise(b, a);
  }
  // sums[i] += weight · count(from, i), for every item that `sums` has room for: items() of them are there.
  void add_to(std::span<double> sums, ItemIndex from, double weight) const;
  std::size_t items() const { return rows_.size(); }
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kShare = 8, kFewest = 32;
  struct Row {
    absl::flat_hash_map<ItemIndex, float> few;
    std::vector<float> all;  // by item, up to the largest that there was; empty: the row is in `few`
  };
  void raise(ItemIndex from, ItemIndex to);

  std::vector<Row> rows_;
};

}  // namespace riffle::evaluation
