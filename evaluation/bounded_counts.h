// Counts over a log of any length in bounded memory: how many different keys there are, which one is the most frequent,
// and which came before lately.
#pragma once

#include <cstdint>
#include <deque>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace riffle::evaluation {

// Distinct keys by the k smallest of their hashes: (k − 1) / (the k-th smallest, as a share of all) (Bar-Yossef et al.
// 2002). Exact up to kKept, then with a relative standard error of about 1/√(k − 2) = 1.6 %. Keys are hashes already.
class DistinctCount {
 public:
  static constexpr std::size_t kKept = 4096;
  void add(std::uint64_t key);
  bool exact() const { return smallest_.size() < kKept; }
  double estimate() const;

 private:
  std::set<std::uint64_t> smallest_;
};

// The most frequent key's count, from below and from above (space-saving: Metwally et al. 2005). A key with more than
// 1/kKept of all is surely kept.
class HeavyHitter {
 public:
  static constexpr std::size_t kKept = 256;
  void add(std::uint64_t key, double weight = 1);
  // The largest count that some key surely has.
  double at_least() const;

 private:
  struct Count {
    double count = 0;
    double error = 0;  // it may be so much too high
  };
  absl::flat_hash_map<std::uint64_t, Count> counts_;
};

// Keys that came again within the last kKept different ones.
class RecentRepeats {
 public:
  static constexpr std::size_t kKept = 65'536;
  bool add(std::uint64_t key);  // true: it came lately

 private:
  absl::flat_hash_set<std::uint64_t> known_;
  std::deque<std::uint64_t> order_;
};

}  // namespace riffle::evaluation
