// Learns, online, what a user takes next from what he did: an encoder of the last interactions and the rows of items, trained together on
// the stream (learner/network/sequence_shape.h, learner/sequence/embedding_table.h).
//
// Every options.step_every interactions it trains on what is new: sequences of the users who did something since the last step, every
// interaction of which (that is a target) is predicted from those before it, and sequences drawn from the log until a step has
// options.sequences of them, the younger the likelier.
//
// Guards: a step whose loss or gradient is not finite changes nothing (incident "not_finite"), nor does one that the network refused
// ("step_failed"). One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/network_module.h"
#include "learner/sequence/interaction_log.h"
#include "learner/sequence/sequence_batch.h"
#include "learner/sequence/sequence_encoder.h"
#include "learner/trainer.h"

namespace riffle::learner {

class SequenceTrainer {
 public:
  using Kind = network::SequenceShape::Kind;

  SequenceTrainer(Kind kind, const SequenceOptions& options, std::unique_ptr<Network> network);

  // An interaction of the user, in the order of time. `target`: it is to be predicted; else it is context. Where it makes a training
  // due and `learn` is false, none takes place: what is new is in the log, to be drawn later as what is old is, and counts as left out.
  void take(std::uint64_t user, const SequenceEntry& entry, bool target, bool learn = true);
  // What he did leaves the log. What rows and layers have learned of it stays: it is nobody's.
  void forget(std::uint64_t user) { log_.forget(user); }

  // As learned so far; until the next take().
  SequenceEncoder& encoder() { return *encoder_; }
  const SequenceTables& tables() const { return tables_; }

  Kind kind() const { return shape_.kind; }
  std::uint64_t taken() const { return log_.end(); }    // interactions
  std::uint64_t steps() const { return tried_steps_; }  // those that changed nothing included
  std::uint64_t left_out() const { return left_out_; }  // interactions
  float last_loss() const { return last_loss_; }        // mean over a step's targets of −ln of what the user took
  std::vector<TrainerIncident> incidents() const;
  std::size_t memory_bytes() const;

  std::string save() const;
  // Into one that has taken nothing. FailedPrecondition: of another kind or shape than this one's; InvalidArgument: not what save() writes.
  absl::Status load(std::string_view state);
  // The same as messages that merge into the whole, up to 256 KiB each, most of them some 16: what has not changed since is the same
  // message. Without a checksum.
  void save_parts(const std::function<void(const pb::SequenceState&)>& part) const;
  absl::Status load(const pb::SequenceState& state);

 private:
  void learn_new();
  void step(std::span<const std::uint64_t> lasts, std::uint64_t new_from);
  void write(std::vector<float>& online, std::vector<float>& first, std::vector<float>& second, std::uint64_t steps);
  void renew_encoder();

  SequenceOptions options_;
  network::SequenceShape shape_;
  std::unique_ptr<Network> network_;
  SequenceTables tables_;
  InteractionLog log_;
  std::unique_ptr<SequenceEncoder> encoder_;   // never null
  std::uint64_t learned_to_ = 0;               // numbers of the log
  std::uint64_t tried_steps_ = 0, not_finite_ = 0, failed_ = 0, left_out_ = 0;
  float last_loss_ = 0;
  SequenceBatch batch_;                        // scratch, as all that follows
  std::vector<std::uint64_t> lasts_, window_;
  std::vector<bool> covered_;
};

// "mean", "gru", "attention".
std::span<const std::string_view> sequence_kinds();
absl::StatusOr<network::SequenceShape::Kind> sequence_kind(std::string_view name);  // InvalidArgument says which there are

// InvalidArgument: options out of range. What load_network_module() says: no module.
absl::StatusOr<std::unique_ptr<SequenceTrainer>> make_sequence_trainer(network::SequenceShape::Kind kind, const SequenceOptions& options,
                                                                       const NetworkOptions& network);
// The shape that the state is of, and its layers' numbers. FailedPrecondition: of another one than `shape`; InvalidArgument: not as many
// numbers as that takes, or one that is not finite.
absl::StatusOr<std::vector<float>> layers_of(const pb::SequenceState& state, const network::SequenceShape& shape);
network::SequenceSettings settings_of(network::SequenceShape::Kind kind, const SequenceOptions& options);

}  // namespace riffle::learner
