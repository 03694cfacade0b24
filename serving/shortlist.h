// Stage one of a choice among thousands: which of a list's candidates explorer and diversifier look at (DESIGN §6).
//
//   shortlist = the `most` of highest r̂ of what is allowed, equal ones by the smaller key
//   p(a) = peak(a) for the explorer's peaks, all within the shortlist, + ε'/|allowed| for everything allowed
//
// Chance has no part in stage one: the shortlist is a function of the request and the slots above. And what an explorer spreads evenly
// (`everywhere`, its ε) it spreads over all that is allowed, listed or not. So a slot's propensity, given those above, is exact over
// both stages, every allowed item keeps one above 0 under any explorer that has an ε, and a list still costs one random number a slot.
//
// Worked example: 20,000 candidates, 500 listed, epsilon with ε = .02: the best item has .98 + .02/20,000, each other one .02/20,000.
//
// An item that is not listed and drawn all the same is taken in, so that diversity counts it for the slots below. One thread; keeps
// its memory between lists.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "features/catalogue.h"
#include "serving/explorers/top.h"

namespace riffle::serving {

struct SlateInput;

class Shortlist {
 public:
  // All candidates of the input, which stays where it is as long as this is used.
  void take_all(const SlateInput& input);
  // The best of `allowed` (at least one), and beside them what fills slots already.
  void take_best(const SlateInput& input, std::span<const std::uint32_t> allowed, std::span<const std::uint32_t> filled);
  // One that is not listed.
  void take_in(const SlateInput& input, std::uint32_t candidate);

  bool whole() const { return whole_; }
  std::size_t size() const { return keys().size(); }
  std::uint32_t candidate(std::uint32_t place) const { return whole_ ? place : candidates_[place]; }
  std::optional<std::uint32_t> place_of(std::uint32_t candidate) const;

  // By place, in the order of the candidates.
  std::span<const ItemKey> keys() const { return whole_ ? all_keys_ : keys_; }
  std::span<const float> scores() const { return whole_ ? all_scores_ : scores_; }
  std::span<const features::KernelVector* const> kernels() const { return whole_ ? all_kernels_ : kernels_; }
  std::span<const std::span<const CategoryKey>> category_paths() const { return whole_ ? all_paths_ : paths_; }
  std::span<const float> draws() const { return whole_ ? all_draws_ : draws_; }      // equally many a place
  std::span<const float> widths() const { return whole_ ? all_widths_ : widths_; }

  // From what was distributed over `open` places of the list to the same over `allowed` candidates.
  void widen(Distribution& distribution, std::size_t open, std::size_t allowed) const;

 private:
  void gather(const SlateInput& input);

  bool whole_ = true;
  std::span<const ItemKey> all_keys_;
  std::span<const float> all_scores_, all_draws_, all_widths_;
  std::span<const features::KernelVector* const> all_kernels_;
  std::span<const std::span<const CategoryKey>> all_paths_;
  TopSelector top_;
  std::vector<std::uint32_t> candidates_;   // ascending
  std::vector<ItemKey> keys_;
  std::vector<float> scores_, draws_, widths_;
  std::vector<const features::KernelVector*> kernels_;
  std::vector<std::span<const CategoryKey>> paths_;
};

}  // namespace riffle::serving
