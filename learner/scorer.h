// What a policy thinks of candidates: a reward estimate each. Immutable, any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "features/feature_vector.h"

namespace riffle::learner {

// One request's candidates. Rows of `features` are kFeatureCount long, one a candidate, in the order of the others.
struct ScoringBatch {
  std::span<const float> features;
  std::span<const CategoryKey> categories;
  std::span<const float> given;          // the request's own scores; 0 where it gave none
  std::string_view segment;
  std::span<const ItemKey> items = {};   // who the candidates are; empty: nobody says, so all are new
  std::size_t count() const { return categories.size(); }
};

class Scorer {
 public:
  virtual ~Scorer() = default;
  // r̂ a candidate, in reward units, finite. `scores` has one place a candidate.
  virtual void score(const ScoringBatch& batch, std::span<float> scores) const = 0;

  // Whether it has segments of its own, found in users' features (features/user_features.h): then they are logged with every decision.
  virtual bool reads_user() const { return false; }
  // The segment of a user, which is logged with the decision and is to be the batch's: `rule` (features/feature_vector.h
  // user_segment()) where it has none of its own, or `user` is not kUserFeatureCount finite numbers.
  virtual std::string segment_of(std::span<const float> /*user*/, std::string_view rule) const { return std::string(rule); }

  // How sure it is of them, for explorers that ask (serving/explorers/). Scorers without a posterior have neither.
  //
  // Draws of r̂ from the posterior, which are the same for the version's whole life: draw_count() numbers a candidate,
  // candidate by candidate, finite.
  virtual std::size_t draw_count() const { return 0; }
  virtual void score_draws(const ScoringBatch& /*batch*/, std::span<float> /*draws*/) const {}
  // A number a candidate, finite and not negative: how far r̂ moves for a unit of root excess squared loss (1/√n for an item
  // shown n times and nothing else known).
  virtual bool has_widths() const { return false; }
  virtual void score_widths(const ScoringBatch& /*batch*/, std::span<float> /*widths*/) const {}
};

class DiversityWeights;

// One version of one policy, as shards adopt it.
struct PolicyVersion {
  PolicyId policy_id;
  std::uint64_t version = 0;             // 0: before anything was learned
  std::shared_ptr<const Scorer> scorer;
  std::uint64_t slots_learned = 0;       // t of SquareCB's schedule
  std::shared_ptr<const DiversityWeights> weights = nullptr;   // null: nothing learned of them (learner/diversity_weights.h)
};

}  // namespace riffle::learner
