// Clicks per exposed slot of each arm, by slices of the simulated span, with intervals clustered by user: a user's slots
// are not independent of each other, so users are what is counted. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/ids.h"

namespace riffle::simulation {

// A share with its 95 % interval. Fewer than two users: the interval is [0, 1].
struct Estimate {
  double mean = 0, low = 0, high = 1;
  std::uint64_t clicks = 0, slots = 0, users = 0;
};

class ClickRates {
 public:
  // The span is cut into so many equal slices.
  explicit ClickRates(std::size_t slices = 4);

  // `fraction` of the span, in [0, 1].
  void add(const PolicyId& arm, const UserId& user, double fraction, std::size_t slots, std::size_t clicks);
  void add_shown(const PolicyId& arm, const ItemId& item);

  std::vector<PolicyId> arms() const;  // sorted
  // Over the slices first … last-1; both are at most the number of slices.
  //
  // The ratio estimator over clusters (Cochran 1977, §2.11 with users as units and slots as size): R = Σc/Σn,
  // Var R = U/(U-1) · Σ(c_u - R·n_u)² / (Σn)², over U users; mean ± 1.96·√Var.
  Estimate ctr(const PolicyId& arm, std::size_t first, std::size_t last) const;
  Estimate ctr(const PolicyId& arm) const { return ctr(arm, 0, slices_); }
  std::size_t coverage(const PolicyId& arm) const;  // distinct items shown

 private:
  struct Cell {
    std::uint32_t slots = 0, clicks = 0;
  };
  struct Arm {
    absl::flat_hash_map<UserId, std::vector<Cell>> users;  // by slice
    absl::flat_hash_set<ItemId> shown;
  };

  std::size_t slices_;
  absl::flat_hash_map<PolicyId, Arm> arms_;
};

}  // namespace riffle::simulation
