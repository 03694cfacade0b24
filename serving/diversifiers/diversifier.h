// The marginal diversity g ∈ [0, 1] of every candidate given the slots already filled: 1 says that it is like nothing above
// (calibration: that the list with it is as the user's own choices are). Items are drawn and not only maximised, so a
// diversifier follows what was drawn: reset, then gains and add in turns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/ids.h"
#include "features/catalogue.h"
#include "serving/options.h"

namespace riffle::serving {

// How much of what a user likes lies in a category (or any prefix of a category's path): of all his decayed weights, less for
// little evidence (features/feature_vector.h CategoryTaste::share).
struct CategoryShare {
  CategoryKey category;
  float share = 0;
};

// What diversity is measured on. Spans but `all_paths` and `tastes` have one place a candidate; all must stay until the next reset.
struct DiversifierInput {
  // Null (or all zero) for an item that nothing is known of: it is like no other.
  std::span<const features::KernelVector* const> kernels;
  std::span<const std::span<const CategoryKey>> category_paths;  // every prefix of each path, from the top
  std::span<const CategoryShare> tastes;                         // of the user; each category once; empty: a user nobody knows
  const DiversifierOptions* options = nullptr;                   // only read by reset()
  std::span<const std::span<const CategoryKey>> all_paths = {};  // with those beyond a shortlist; empty: there are none
};

// One thread; keeps its memory between lists.
class Diversifier {
 public:
  virtual ~Diversifier() = default;
  virtual void reset(const DiversifierInput& input) = 0;
  // Writes g of every candidate, given what was added. What was added itself gets something finite.
  virtual void gains(std::span<float> out) const = 0;
  virtual void add(std::uint32_t candidate) = 0;
};

// none, mmr, dpp, ssd, calibration. Null: no diversifier has that name.
std::unique_ptr<Diversifier> make_diversifier(std::string_view kind);
std::span<const std::string_view> diversifier_kinds();

}  // namespace riffle::serving
