#include "evaluation/baselines/common_users.h"

#include <algorithm>

namespace riffle::evaluation {

void CommonUsers::raise(ItemIndex from, ItemIndex to) {
  if (const std::size_t items = std::max(from, to) + std::size_t{1}; rows_.size() < items) rows_.resize(items);
  Row& row = rows_[from];
  if (row.all.empty()) {
    ++row.few[to];
    if (row.few.size() < kFewest || row.few.size() * kShare < rows_.size()) return;
    row.all.resize(rows_.size(), 0);
    for (const auto& [item, count] : row.few) row.all[item] = count;
    row.few = {};
    return;
  }
  if (to >= row.all.size()) row.all.resize(rows_.size() + rows_.size() / 8, 0);
  ++row.all[to];
}

void CommonUsers::add_to(std::span<double> sums, ItemIndex from, double weight) const {
  if (from >= rows_.size()) return;
  const Row& row = rows_[from];
  const std::size_t count = std::min(row.all.size(), sums.size());
  for (std::size_t i = 0; i < count; ++i) sums[i] += weight * row.all[i];
  for (const auto& [item, users] : row.few) sums[item] += weight * users;
}

std::size_t CommonUsers::memory_bytes() const {
  std::size_t bytes = rows_.capacity() * sizeof(Row);
  for (const Row& row : rows_) bytes += row.all.capacity() * sizeof(float) + row.few.capacity() * 9;
  return bytes;
}

}  // namespace riffle::evaluation
