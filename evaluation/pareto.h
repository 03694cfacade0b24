// Pareto k̂ of importance weights: how heavy their upper tail is. Above 0.7 a mean of weighted rewards
// converges too slowly to be trusted, whatever its interval says (Vehtari et al. 2024, "Pareto
// smoothed importance sampling", §3).
//
// k̂ is the shape of a generalised Pareto distribution fitted (Zhang & Stephens 2009, with the
// prior of Vehtari et al.) to the M = min(n/5, 3√n) largest weights' excess over the next one; at
// most kMostTail of them are kept, so beyond 1.8 million rounds the tail is a smaller share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace riffle::evaluation {

class WeightTail {
 public:
  static constexpr std::size_t kMostTail = 4096;

  void add(double weight) {
    ++count_;
    if (heap_.size() <= kMostTail || weight > heap_.front()) insert(weight);
  }
  // Nothing where there is no tail to fit: fewer than five weights that differ from the one below
  // the tail, as with few rounds or where the largest weights are all the same.
  std::optional<double> k_hat() const;

 private:
  void insert(double weight);

  std::uint64_t count_ = 0;
  std::vector<double> heap_;  // the largest so far, the smallest of them first
};

// The shape of the excesses, ascending and above 0. Exposed for its test.
double pareto_shape(std::span<const double> excesses);

}  // namespace riffle::evaluation
