// Scorers that never learn: the challengers that are always there.
#pragma once

#include <cstddef>

#include "learner/scorer.h"

namespace riffle::learner {

// By the feature `popularity`.
class PopularityScorer final : public Scorer {
 public:
  PopularityScorer();
  void score(const ScoringBatch& batch, std::span<float> scores) const override;

 private:
  std::size_t feature_;
};

// All equal: an explorer then draws uniformly over what is allowed.
class RandomScorer final : public Scorer {
 public:
  void score(const ScoringBatch& batch, std::span<float> scores) const override;
};

// The request's own scores, as the shop's model gave them; 0 where it gave none.
class GivenScorer final : public Scorer {
 public:
  void score(const ScoringBatch& batch, std::span<float> scores) const override;
};

}  // namespace riffle::learner
