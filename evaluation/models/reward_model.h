// q̂(x, a, k): what an action is expected to earn in a slot. Used by DM, DR and their kin, which stay
// right where it is wrong, as long as it was not fitted on the round that it is asked about
// (cross-fitting: Chernozhukov et al. 2018). Rounds belong to folds by their user, so that no model
// has seen a user whom it is asked about.
//
//   for (round of the log) model.learn(round, fold_of(round.cluster, model.folds()));
//   model.fit();
//   model.logged(round, slot, fold)        // of what was shown
//   model.action(round, slot, fold, a)     // of another action
//
// Memory does not grow with the log. One thread learns; a fitted model may be read by many.
#pragma once

#include <cstddef>
#include <cstdint>

#include "evaluation/logged_round.h"

namespace riffle::evaluation {

class RewardModel {
 public:
  virtual ~RewardModel() = default;

  virtual void learn(const LoggedRound& round, std::size_t fold) = 0;
  virtual void fit() = 0;

  // False: this model knows nothing of such a round (another feature specification, say).
  virtual bool covers(const LoggedRound& round) const = 0;
  virtual double logged(const LoggedRound& round, std::size_t slot, std::size_t fold) const = 0;
  // `action`: as in LoggedSlot; of Riffle's own log, the place in outcome->candidates.
  virtual double action(const LoggedRound& round, std::size_t slot, std::size_t fold,
                        std::uint32_t action) const = 0;
  // What the slots below `slot` earn on average, whatever is in them: cascade-DR's Q̂ holds it.
  virtual double below(const LoggedRound& round, std::size_t slot, std::size_t fold) const = 0;
  // 1: fitted and asked on the same rounds.
  virtual std::size_t folds() const = 0;
};

// Which fold a user belongs to: by a hash that has nothing to do with that of intervals.h.
std::size_t fold_of(std::uint64_t cluster, std::size_t folds);

}  // namespace riffle::evaluation
