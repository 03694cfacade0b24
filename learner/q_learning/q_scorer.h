// Serving's side of a Q-network: its scores of a request's candidates. learner/network/shape.h has the formula; a candidate's position
// is that of the first slot.
//
// With a discount above 0 a score is Q above that of the request's least candidate: the rest of Q is what the user is worth
// whatever is shown, and would leave nothing of the ceiling that rewards are scaled by.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/network/shape.h"
#include "learner/q_learning/forward_pass.h"
#include "learner/scorer.h"

namespace riffle::learner {

class QScorer final : public Scorer {
 public:
  QScorer() = default;  // before anything was learned: 0 for all
  // `parameters`: shape.parameters() finite numbers. The shape's inputs are kFeatureCount + 1.
  QScorer(const network::Shape& shape, std::span<const float> parameters, bool relative);

  // 0 for a candidate whose features make no finite number.
  void score(const ScoringBatch& batch, std::span<float> scores) const override;

 private:
  ForwardPass pass_;
  bool relative_ = false;
  std::vector<float> common_;                                     // v − u; empty unless duelling
};

// Of a state that DqnTrainer saved. InvalidArgument: it is no such state, or cut short. FailedPrecondition: it was made with
// other features than this build's.
absl::StatusOr<std::shared_ptr<const Scorer>> q_scorer(std::string_view state);

}  // namespace riffle::learner
