// What the learner's loop calls: outcomes in, policy versions out. Not bound to a bus.
//
//   auto learner = Learner::create({{PolicyId("main"), "linear"}}, options, metrics);
//   learner->boot(log);                                  // of the whole `policy` topic
//   …read `outcomes` from learner->positions()…
//   learner->on_outcome(outcome, shard, offset);
//   for (auto& record : learner->publish(now)) …send it to `policy`…
//
// Every policy's scorer learns from the outcomes of all arms; its diversity weight, where it is learned, from its own lists. A version carries the `outcomes` offsets and highest sequences that
// it has learned, per shard, so a learner that boots from it goes on exactly there: outcomes are read from the smallest
// offset that a policy still needs, and each policy skips sequences not above its own highest.
//
// A policy that holds outcomes (dqn's replay buffer) has them read again from where it needs them; it learns nothing of them.
//
//   Worked example: `main` was published after shard 0's record at offset 41 (sequence 40), `other` after offset 29
//   (sequence 28). positions() says shard 0 from 30; at offsets 30 … 41 only `other` learns; from 42 both do.
//
// One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/time.h"
#include "learner/options.h"
#include "learner/diversity_weights.h"
#include "learner/incident_counts.h"
#include "learner/policy_log.h"
#include "learner/policy_version.h"
#include "learner/trainer.h"

namespace riffle::learner {

class Learner {
 public:
  // Those that never learn anything are left out; an unknown scorer, a policy named twice or options out of range are
  // InvalidArgument. `metrics` outlives the learner.
  static absl::StatusOr<std::unique_ptr<Learner>> create(const std::vector<LearnedPolicy>& policies,
                                                         const LearnerOptions& options, Metrics& metrics);

  // Continues each policy from its newest version that loads; call once, before any outcome. A policy without one starts
  // from nothing. The status tells the first version that did not load; learning goes on all the same, from the one before.
  absl::Status boot(const PolicyLog& log);

  // Where to start reading the shards' outcomes. A shard that is not named: from the earliest record there is.
  std::map<Partition, Offset> positions() const;

  // Whether on_outcome() wants an outcome's candidates; else its slots are enough (records/candidate_table.h).
  bool reads_candidates() const;
  // A record of `outcomes`, in the order of its shard. Repeats are skipped.
  void on_outcome(const pb::Outcome& outcome, Partition shard, Offset offset);

  // New versions of the policies that learned something since their last one and whose interval is over (`at_once`: of
  // all that learned something), and tombstones of what need not be kept. Send them in this order. Cheap when there is
  // nothing to say. `now` is the wall clock's.
  std::vector<PolicyRecord> publish(TimePoint now, bool at_once = false);

  bool learns() const { return !policies_.empty(); }   // false: nothing to read outcomes for

 private:
  struct ShardState {
    std::int64_t next_offset = 0;
    std::uint64_t highest_sequence = 0;
  };
  struct Policy {
    Policy(LearnedPolicy of, Metrics& metrics) : learned(std::move(of)), incidents(metrics, learned.id.str()) {}

    LearnedPolicy learned;
    std::unique_ptr<Trainer> trainer;             // null: the scorer never learns
    std::unique_ptr<WeightTrainer> weight;        // null: nor does the diversity weight
    const PolicyId& id() const { return learned.id; }
    std::uint64_t highest_version = 0;            // any version of that id above it is ours to give
    pb::PolicyManifest last;                      // version 0: none yet
    std::map<std::int32_t, ShardState> shards;    // only those that were read
    bool changed = false;
    TimePoint published = kNoTime;
    Milliseconds pause{0};                        // before the next version
    IncidentCounts incidents;
  };

  Learner(const LearnerOptions& options, Metrics& metrics);
  absl::Status boot_policy(Policy& policy, const PolicyLog& log);
  static absl::Status load(Policy& policy, const pb::PolicyManifest& manifest, const PolicyLog& log);
  bool publish_policy(Policy& policy, TimePoint now, std::vector<PolicyRecord>& records);
  void ignore(std::string_view reason);

  LearnerOptions options_;
  Metrics& metrics_;
  Counter& outcomes_;
  absl::flat_hash_map<std::string, Counter*> ignored_;
  std::vector<Policy> policies_;
  PolicyLog log_;                                 // what the topic holds, with what was published
};

}  // namespace riffle::learner
