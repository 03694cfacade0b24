// The policy whose worth is asked: for each logged slot, the probability with which it would have put
// the same item there, given the same slots above; and what it would have earned there by a reward
// model.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/logged_round.h"
#include "evaluation/models/reward_model.h"
#include "evaluation/slate_sampler.h"
#include "evaluation/support.h"

namespace riffle::evaluation {

struct TargetSlot {
  double probability = 0;     // π_e(logged action | context, the slots above)
  double expected = kMissing;  // Σ_a π_e(a | context, the slots above)·q̂(a); NaN: cannot be told
};

// Why a round cannot be answered. Views of static text.
using Unanswerable = std::string_view;

// One thread: targets keep scratch memory.
class Target {
 public:
  virtual ~Target() = default;

  // Replaces `out`, one a slot; `expected` only where `model` is given (and covers the round).
  // Not empty: why this round does not say what the target would do.
  virtual Unanswerable weigh(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                             std::vector<TargetSlot>& out) = 0;

  // Over the lists that the target itself would make of this round (IIPS, DM of slates): replaces `out`, its slots those of the
  // round; `expected` only where `model` is given. Not empty: why it cannot be told.
  virtual Unanswerable marginals(const LoggedRound&, const RewardModel* /*model*/, std::size_t /*fold*/,
                                 const SlateDraws&, SlateMarginals& /*out*/) {
    return "what this target puts into a slot whatever is above cannot be told";
  }

  // False: the round is no evidence either way, and may be left out without harm, for what decides
  // it has nothing to do with what was shown.
  virtual bool concerns(const LoggedRound&) const { return true; }
  // Where the mass lies, of rounds with one slot; and once, after the last round.
  virtual void ask(const LoggedRound&, SupportTally&) const {}
  virtual void ask_at_end(SupportTally&) const {}

  // For the report: "uniform over what was allowed".
  virtual std::string description() const = 0;
};

}  // namespace riffle::evaluation
