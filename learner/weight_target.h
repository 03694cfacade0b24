// The diversity weight with which lists are as unlike within as is wanted, for every user segment: the dual ascent of a constraint
// on the mean distance (FORMULAS 3.1; integral control).
//
//   λ ← clip(λ + step · mean(target − distance) over the next kLists lists that λ made, 0, 1)
//
// Only lists made with the weight in force count for its next move: those still under way with an older one, however many a busy shop
// makes until a version is adopted, say nothing of it, so that the loop cannot swing by its own delay. A segment begins with the mean of
// the others' weights by their lists; the first with the configured one. At 0 or 1 the target may be out of reach: there λ stays.
//
// A list counts when its first slot is exposed; later revisions change nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "learner/diversity_weights.h"

namespace riffle::learner {

class WeightTarget final : public WeightTrainer {
 public:
  // A mean of so many lists is known to a fifth of a list's own deviation.
  static constexpr std::uint64_t kLists = 25;

  explicit WeightTarget(const WeightOptions& options) : options_(options) {}

  void learn(const pb::Outcome& outcome) override;
  std::shared_ptr<const DiversityWeights> weights() const override;
  std::string save() const override;
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

 private:
  struct Segment {
    double weight = 0;
    double missed = 0;            // Σ (target − distance) of the lists that the weight in force made
    std::uint64_t lists = 0;      // how many these are
    std::uint64_t learned = 0;    // with those of the weights before it
  };

  double first_weight() const;
  void make_room();

  WeightOptions options_;
  std::map<std::uint64_t, Segment> segments_;   // in the order of their keys, which the mean depends on in its last bits
  std::uint64_t evicted_ = 0;
};

}  // namespace riffle::learner
