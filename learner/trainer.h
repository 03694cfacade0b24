// Learns a scorer from outcomes, online. One thread. save → load → continue equals not having stopped, bit for bit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/options.h"
#include "learner/scorer.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

// Where a revision lies in `outcomes`.
struct OutcomePlace {
  std::int32_t shard = 0;
  std::int64_t offset = 0;
};

// Something that a trainer had to give up, as often as it happened since the trainer was made: the metric
// riffle_learner_incidents_total{policy,kind}.
struct TrainerIncident {
  std::string_view kind;
  std::uint64_t count = 0;
};

class Trainer {
 public:
  virtual ~Trainer() = default;

  // Whether an outcome's candidates are read, and not its slots alone: they cost more than a slot's learning.
  virtual bool reads_candidates() const { return false; }
  // A revision, in the order of its shard's sequence; the caller has dropped repeats. Ignored and logged where
  // learner/outcome_check.h finds a problem with it (who wants to count asks there too).
  virtual void learn(const pb::Outcome& outcome) = 0;

  // The same, for trainers that hold outcomes and read them again after a restart.
  virtual void learn_at(const pb::Outcome& outcome, const OutcomePlace& /*place*/) { learn(outcome); }
  // Places in `outcomes`, a shard each, from where what is held was read: after load() the caller reads from there, and
  // gives what the loaded state had learned to remember(), the rest to learn_at(). Empty: nothing is held.
  virtual std::vector<OutcomePlace> held_from() const { return {}; }
  // A revision that was learned before the state was saved. Whether it was held; nothing is learned of it.
  virtual bool remember(const pb::Outcome& /*outcome*/, const OutcomePlace& /*place*/) { return false; }

  // What the scorer knows after all that was learned so far.
  virtual std::shared_ptr<const Scorer> scorer() = 0;
  virtual std::uint64_t slots_learned() const = 0;

  virtual std::string save() const = 0;                       // the content of the version's blocks
  virtual absl::Status load(std::string_view state) = 0;      // on error nothing is changed

  virtual std::vector<TrainerIncident> incidents() const { return {}; }
};

// linear, logistic, neural_linear, multi_task, linear_arms, arms, q_table, dqn and slateq learn; popularity, random and given are
// the same for ever.
bool is_trainable(std::string_view scorer);
// InvalidArgument for an unknown name (with the nearest known one), one that does not learn, or options out of range.
absl::StatusOr<std::unique_ptr<Trainer>> make_trainer(std::string_view scorer, const LearnerOptions& options);
// Of a state that a trainer saved; of nothing (empty) for a scorer before its first version, or one that never learns.
absl::StatusOr<std::shared_ptr<const Scorer>> make_scorer(std::string_view scorer, std::string_view state,
                                                          const LearnerOptions& options);

}  // namespace riffle::learner
