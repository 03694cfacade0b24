// Outcomes of lists that say which diversity weights they could have been made with.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "base/hash.h"
#include "learner/diversity_weights.h"
#include "learner/outcomes.h"

namespace riffle::learner::testing {

// How likely each weight made the list, from nothing to all: w after the slate is p_a s_a / Σ p s.
inline void weigh(pb::Outcome& outcome, const std::vector<double>& grid, const std::vector<double>& p,
                  const std::vector<double>& slate) {
  pb::LearnedWeight& learned = *outcome.mutable_learned_weight();
  learned.Clear();
  for (std::size_t a = 0; a < grid.size(); ++a) {
    learned.add_weights(grid[a]);
    learned.add_probabilities(p[a]);
    learned.add_log_slates(std::log(slate[a]));
  }
}

// A list that only weight `drawn` could have made, of one slot with this reward.
inline pb::Outcome list_of(std::uint64_t number, const std::string& segment, const std::vector<double>& grid,
                           const std::vector<double>& p, std::size_t drawn, double reward) {
  pb::Outcome made = outcome("u" + std::to_string(number % 97), number, kStartMs + static_cast<std::int64_t>(number) * 1000);
  made.set_segment(segment);
  add_slot(made, 1, reward);
  std::vector<double> slate(grid.size(), 0);
  slate[drawn] = .3;
  weigh(made, grid, p, slate);
  return made;
}

inline std::vector<double> probabilities(const DiversityWeights& weights, const std::string& segment) {
  std::vector<WeightArm> arms;
  weights.arms(segment, 1, arms);
  std::vector<double> p;
  for (const WeightArm& arm : arms) p.push_back(arm.probability);
  return p;
}

inline std::size_t draw_of(const std::vector<double>& p, Rng& rng) {
  double rest = rng.uniform();
  for (std::size_t a = 0; a + 1 < p.size(); ++a)
    if ((rest -= p[a]) < 0) return a;
  return p.size() - 1;
}

}  // namespace riffle::learner::testing
