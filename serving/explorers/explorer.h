// Turns what a slot's items are worth into the distribution that one of them is drawn from. Everything that explores is
// in here, so that the propensity of a slot, given those above it, is exact.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/ids.h"
#include "serving/explorers/distribution.h"
#include "serving/options.h"

namespace riffle::serving {

struct SlotChoices {
  std::span<const float> utility;            // u of every candidate
  std::span<const ItemKey> keys;             // likewise: equal utilities are told apart by the smaller key
  std::span<const std::uint32_t> allowed;    // candidates that may be put here, at least one
  // The same utilities with −∞ for what is not allowed, padded (vector_lanes.h) with −∞; empty: nobody has made it.
  std::span<const float> masked = {};
  double slots_learned = 0;                  // t: what the policy's version has learned from
  // What needs() asked for, where the policy's scorer has it, else empty.
  std::span<const float> draws = {};         // of u but for `bonus`, candidate by candidate, equally many of each
  std::span<const float> bonus = {};         // what of u is no reward: λ·g of every candidate; empty: nothing
  std::span<const float> widths = {};        // of every candidate
};

// What an explorer wants to know beside the utilities.
struct ExplorerNeeds {
  bool draws = false;
  bool widths = false;
};

// One thread: explorers keep scratch memory, nothing that changes their answers.
class Explorer {
 public:
  virtual ~Explorer() = default;
  // Replaces `out` by a distribution that sums to 1 over `allowed`.
  virtual void distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) = 0;
  virtual ExplorerNeeds needs() const { return {}; }
};

// greedy, epsilon, squarecb, softmax, thompson, regcb, ucb1, uniform. Null: no explorer has that name.
std::unique_ptr<Explorer> make_explorer(std::string_view kind);
std::span<const std::string_view> explorer_kinds();

// Whether candidate a comes before b: by utility, then by key.
inline bool is_better(const SlotChoices& choices, std::uint32_t a, std::uint32_t b) {
  if (choices.utility[a] != choices.utility[b]) return choices.utility[a] > choices.utility[b];
  return choices.keys[a] < choices.keys[b];
}
std::uint32_t best_of(const SlotChoices& choices);

}  // namespace riffle::serving
