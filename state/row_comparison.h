// Two stores' rows of a column, key by key, byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "state/store.h"

namespace riffle::state {

struct RowDifference {
  enum class Kind { kOnlyLeft, kOnlyRight, kDifferent };
  Kind kind{};
  std::string key;
};

struct RowComparison {
  std::uint64_t equal = 0;
  std::uint64_t only_left = 0, only_right = 0, different = 0;
  std::vector<RowDifference> first;  // in the order of keys, kMostNamed at most

  static constexpr std::size_t kMostNamed = 10;
  bool same() const { return only_left + only_right + different == 0; }
};

// Adds to `comparison`. Reads both in the order of keys, some thousand rows at a time.
absl::Status compare_rows(const Store& left, const Store& right, Column column, RowComparison& comparison);

}  // namespace riffle::state
