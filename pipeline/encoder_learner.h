// The learner of the live encoder (learner/sequence/sequence_trainer.h) as a thread runs it: `events` in, encoder versions out. It
// admits events as a shard does, partition by partition, and learns each interaction with an item once: not again by its offset, nor
// by its event_id and user among the last learner.sequence.log of them. Types of positive weight are to be predicted, others are
// context. An erased user leaves the log, and what comes late of him is dropped.
//
// Where it cannot keep up it trains on a random share, and takes the rest into the log all the same (pipeline/training_share.h).
//
// A version holds offsets, admission's state, rows, layers, log and what was seen, so that who boots from it goes on exactly there. It
// is cut into small blocks, and those that are as they were are not sent again (learner/policy_log.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "base/published.h"
#include "features/event_types.h"
#include "ingest/admission.h"
#include "learner/incident_counts.h"
#include "learner/options.h"
#include "learner/sequence/seen_events.h"
#include "learner/sequence/sequence_trainer.h"
#include "pipeline/micro_batch.h"
#include "pipeline/stream_learner.h"
#include "pipeline/training_share.h"

namespace riffle::pipeline {

class EncoderLearner final : public StreamLearner {
 public:
  struct Setup {
    std::string topic;                        // of events
    ingest::AdmissionOptions admission;
    features::RowOptions rows;
    learner::LearnerOptions learner;
    const Published<World>* world = nullptr;  // whose catalogue says items' categories; outlives it
  };
  // InvalidArgument: options that cannot be, no such encoder; else what load_network_module() says. `metrics` outlives it.
  static absl::StatusOr<std::unique_ptr<EncoderLearner>> create(Setup setup, Metrics& metrics);

  bool learns() const override { return true; }
  const std::string& topic() const override { return setup_.topic; }
  bool owns(std::string_view policy) const override { return policy == learner::kEncoderId; }
  absl::Status boot(const learner::PolicyLog& log, std::int32_t partitions) override;
  std::map<Partition, Offset> positions() const override;
  void learn(const bus::Record& record) override;
  bool paces() const override { return true; }
  void note_backlog(std::uint64_t records) override;
  std::vector<learner::PolicyRecord> publish(TimePoint now, bool at_once) override;

  const learner::SequenceTrainer& trainer() const { return *trainer_; }

 private:
  // A partition of `events`.
  struct Shard {
    ingest::Admission admission;
    Offset next{0};
    TimePoint newest = kNoTime;                                        // of the events applied
    absl::flat_hash_map<std::uint64_t, std::int64_t> erased_before_ms;  // by user
  };
  EncoderLearner(Setup setup, std::unique_ptr<learner::SequenceTrainer> trainer, Metrics& metrics);
  std::string scorer() const;
  Shard& shard(Partition partition);
  absl::Status load(const learner::PolicyLog& log, const pb::PolicyManifest& manifest);
  absl::Status load_positions(const pb::EncoderState& state);
  std::string_view take(const bus::Record& record, Shard& of);          // what became of it
  void erase(std::uint64_t user, TimePoint time, Shard& of) const;
  bool is_trained_on(const bus::Record& record) const;
  std::vector<std::string> blocks() const;
  absl::Status check(const std::vector<std::string>& blocks) const;
  bool publish_version(TimePoint now, std::vector<learner::PolicyRecord>& records);
  void count(std::string_view result);

  Setup setup_;
  Metrics& metrics_;
  Gauge &backlog_, &share_gauge_, &rows_;
  Counter &left_out_, &published_bytes_;
  features::EventTypes types_;
  std::unique_ptr<learner::SequenceTrainer> trainer_;
  learner::SeenEvents seen_;
  std::map<Partition, Shard> shards_;
  std::int32_t partitions_ = 1;
  TrainingShare share_;
  learner::PolicyLog log_;                 // its versions, those just published included
  pb::PolicyManifest last_;                // version 0: none yet
  std::uint64_t highest_version_ = 0, left_out_counted_ = 0;
  learner::IncidentCounts incidents_;
  bool changed_ = false;
  TimePoint published_ = kNoTime;
  Milliseconds pause_{0};
  records::Event event_;                   // scratch
  absl::flat_hash_map<std::string, Counter*> events_;
};

// Of a version's blocks, together. DataLoss: not what EncoderLearner writes.
absl::StatusOr<pb::EncoderState> parse_encoder_state(std::string_view bytes);
// What the manifests of such an encoder's versions have as their scorer: "sequence:mean".
std::string encoder_scorer(std::string_view kind);

}  // namespace riffle::pipeline
