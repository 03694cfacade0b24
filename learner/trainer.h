// Learns a scorer from outcomes, online. One thread. save → load → continue equals not having stopped, bit for bit.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "learner/options.h"
#include "learner/scorer.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

class Trainer {
 public:
  virtual ~Trainer() = default;

  // A revision, in the order of its shard's sequence; the caller has dropped repeats. Ignored, counted and logged where
  // its numbers are not finite.
  virtual void learn(const pb::Outcome& outcome) = 0;

  // What the scorer knows after all that was learned so far.
  virtual std::shared_ptr<const Scorer> scorer() = 0;
  virtual std::uint64_t slots_learned() const = 0;

  virtual std::string save() const = 0;                       // the content of the version's blocks
  virtual absl::Status load(std::string_view state) = 0;      // on error nothing is changed
};

// linear and q_table learn; popularity, random and given are the same for ever.
bool is_trainable(std::string_view scorer);
absl::StatusOr<std::unique_ptr<Trainer>> make_trainer(std::string_view scorer, const LearnerOptions& options);
// Of a state that a trainer saved; of nothing (empty) for a scorer before its first version, or one that never learns.
absl::StatusOr<std::shared_ptr<const Scorer>> make_scorer(std::string_view scorer, std::string_view state,
                                                          const LearnerOptions& options);

}  // namespace riffle::learner
