// A shard: one partition number of the user-keyed inputs and all that is keyed by its users. Shard::process is the life of
// an event, top to bottom (DESIGN §2). One thread owns a shard; it reads no clock and draws nothing that its caller has
// not seeded.
//
//   auto shard = Shard::open(setup);               // the store's header is checked, or written
//   shard->restore(log);                           // what was journaled and not committed is applied again
//   shard->process(batch);                         // apply, decide, journal, publish
//   FrozenEpoch epoch = shard->freeze(true);       // … the writer publishes and commits it …
//   shard->committed();
//
// Errors: a Status of process, restore or freeze stops this shard; what is committed stays right, and a restart goes on from there.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "features/event_rows.h"
#include "features/fresh_items.h"
#include "features/joiner.h"
#include "features/options.h"
#include "ingest/admission.h"
#include "pipeline/epoch.h"
#include "pipeline/micro_batch.h"
#include "pipeline/options.h"
#include "pipeline/standing_queue.h"
#include "serving/options.h"
#include "serving/recommender.h"
#include "state/store.h"

namespace riffle::pipeline {

// What every shard of a worker is made with. Lives longer than its shards.
struct ShardOptions {
  bus::TopicNames topics;
  ingest::AdmissionOptions admission;
  features::RowOptions rows;
  features::JoinOptions join;
  serving::ServingOptions serving;
  std::vector<serving::PolicyOptions> policies;
  serving::ExperimentOptions experiments;
  StateOptions state;
  std::size_t stats_neighbours = 20;      // of an item, published to the other shards
};

struct ShardSetup {
  Partition shard;
  std::int32_t partitions = 0;
  std::string cluster_id;
  std::unique_ptr<state::Store> store;
  bus::Sink* lists = nullptr;             // for recommendations; outlives the shard
  const ShardOptions* options = nullptr;
  Metrics* metrics = nullptr;
  std::uint64_t new_generation = 0;       // of a store that does not exist yet: above any earlier one's
};

// Reads a shard's inputs again while it is restored: records [from, to) of an input, in order. Compacted inputs may have
// gaps; in the others a gap is an error that the reader reports.
class InputLog {
 public:
  virtual ~InputLog() = default;
  virtual absl::StatusOr<bus::Batch> read(Input input, Partition shard, Offset from, Offset to) = 0;
  // The record at `offset`, or none where the log has another beginning or end.
  virtual absl::StatusOr<std::optional<std::uint64_t>> checksum(Input input, Partition shard, Offset offset) = 0;
};

// The key of an open request in its column.
std::string open_request_key(const UserId& user, const RequestId& request);

class Shard {
 public:
  static absl::StatusOr<std::unique_ptr<Shard>> open(ShardSetup setup);
  ~Shard();

  // Publishes the pinned lists of every uncommitted journal entry again, then applies the entries in their order.
  absl::Status restore(InputLog& log);

  // A log as it was (replay/): applies a journal entry to a store of its own, with the records of its runs (one vector
  // an input; a run may be cut short at its end) and the decisions of its pins. FailedPrecondition: the log is of
  // another configuration.
  using RunRecords = std::array<std::vector<bus::Record>, kInputs>;
  struct Logged {
    // What the log has of a pin's decision; nothing where it has nothing: then no slot of it ever earned or was seen.
    // `decided`: shard time, or the request's own time where that is later.
    std::function<absl::StatusOr<std::optional<pb::Decision>>(const pb::Pin& pin, TimePoint decided)> decision_of;
    // What if: where `world` is given, each request that was answered is answered anew from it, by this configuration's
    // policies, before the logged decision is applied. The answer changes nothing.
    const MicroBatch* world = nullptr;
    std::function<void(const pb::Decision& anew, const pb::Decision& logged)> answered = {};
  };
  absl::Status replay(const pb::JournalEntry& entry, const RunRecords& records, const Logged& logged);

  // The life of one event. `batch` must go on exactly where next() says.
  absl::Status process(const MicroBatch& batch);

  // Ends the epoch. Not while one is frozen. `with_stats`: publish the touched items' statistics now.
  absl::StatusOr<FrozenEpoch> freeze(bool with_stats);
  void committed();
  bool frozen() const { return frozen_; }
  bool dirty() const { return records_in_epoch_ > 0 || next_journal_ > journal_frozen_; }
  std::size_t records_in_epoch() const { return records_in_epoch_; }
  // How long the last micro-batch's events took, by its own stopwatch; 0 where it had none.
  double events_ms() const { return events_ms_; }
  // Whether one of its requests had a deadline.
  bool had_deadlines() const { return had_deadlines_; }
  std::size_t dirty_bytes() const;

  // All committed items' statistics, for a reader that has not heard this shard yet, a few thousand at a time.
  absl::Status tell_statistics(const std::function<void(Statistics)>& tell) const;

  Partition id() const { return id_; }
  // The next record of an input; none before the first one was ever applied.
  std::optional<Offset> next(Input input) const;
  // Where the shard starts an input that it has never read.
  void start_at(Input input, Offset offset);

  TimePoint event_time() const;
  TimePoint shard_time() const;
  const state::Store& store() const { return *store_; }

 private:
  struct Probe;
  struct Decided {                          // what became of a request
    pb::Pin pin;
    std::string_view list;                  // to publish, until trim(); empty: refused
    std::string user_id;
    std::string traceparent;
  };

  explicit Shard(ShardSetup setup);

  absl::Status load();
  absl::Status check_not_recreated(InputLog& log);
  void prefetch(const std::vector<bus::Record>& events, const std::vector<bus::Record>& requests);
  void apply_event(const bus::Record& record);
  void apply_profile(const bus::Record& record);
  std::optional<Decided> answer(std::size_t index, const MicroBatch& batch, state::WriteBatch& journal);
  std::optional<std::string> too_late(const bus::Record& record, const MicroBatch& batch, TimePoint taken, std::size_t index);
  Decided decide(const bus::Record& record, const MicroBatch& batch, TimePoint taken, state::WriteBatch& journal);
  // Valid until the next call.
  const pb::Decision& choose(const bus::Record& record, const MicroBatch& batch, TimePoint taken,
                             const std::function<double()>& took_ms);
  const features::FreshItems* fresh_items(const MicroBatch& batch);
  std::optional<Decided> repeat(const bus::Record& record, std::uint64_t request_hash);
  void apply_decision(const pb::Decision& decision);
  void begin_time(const bus::Record& record);
  TimePoint wall(const MicroBatch& batch) const;   // as it is by now
  void tick(TimePoint shard_time);
  absl::Status apply_entry(const pb::JournalEntry& entry, const RunRecords& records, const Logged* logged);
  absl::Status replay_request(const bus::Record& record, const pb::JournalEntry& entry, const Logged* logged);
  absl::Status replay_logged(const bus::Record& record, const pb::Pin& pin, const Logged& logged);
  absl::Status publish(const Decided& decided);
  absl::Status republish(const pb::JournalEntry& entry);
  void refuse(const bus::Record& record, const records::Reason& reason);
  void take_outcomes();
  void forget_closed();
  void note_run(Input input, const std::vector<bus::Record>& records, pb::JournalEntry& entry);
  void note_read(Input input, const bus::Record& record);
  Statistics take_statistics();
  void trim();                              // ends the life of every row that was handed out
  absl::Status health() const;
  serving::PolicyOptions const* policy_of(const UserId& user) const;

  const Partition id_;
  const std::int32_t partitions_;
  const std::string cluster_id_;
  std::unique_ptr<state::Store> store_;
  bus::Sink* lists_;
  const ShardOptions& options_;
  const std::uint64_t new_generation_;

  state::RowCache<records::UserRow> users_;
  state::RowCache<records::ItemRow> items_;
  state::RowCache<pb::Profile> profiles_;
  state::RowCache<pb::Decision> decisions_;
  state::RowCache<pb::Join> joins_;
  state::RowCache<pb::UserLists> user_lists_;
  state::RowCache<pb::WaitingReward> waiting_;
  state::RowCache<pb::OpenRequest> requests_;

  ingest::Admission admission_;
  features::EventRows rows_;
  features::FreshItems fresh_{&rows_};
  features::Joiner joiner_;
  serving::Recommender recommender_;
  StandingQueue queue_;                    // of requests
  std::unique_ptr<Probe> probe_;

  pb::ShardMeta meta_;
  std::uint64_t generation_ = 0;
  std::uint64_t opened_epoch_ = 0;         // the last that was committed before
  std::string partitioner_;                // as the store has it
  std::array<pb::InputPosition, kInputs> positions_;
  std::array<bool, kInputs> positioned_{};
  std::uint64_t next_journal_ = 0;         // number of the next entry
  std::uint64_t journal_frozen_ = 0;       // entries below are in the frozen or the committed epoch
  std::uint64_t journal_kept_ = 0;         // entries below are trimmed
  std::vector<pb::JournalEntry> entries_;  // of this epoch, for `epochs`
  std::vector<ingest::OwnedRecord> outputs_;
  features::Outcomes outcomes_;            // scratch
  std::size_t records_in_epoch_ = 0;
  double events_ms_ = 0;
  bool had_deadlines_ = false;             // in the last micro-batch
  double batch_began_ms_ = 0;              // by the batch's stopwatch: when its `wall` was right
  std::uint64_t last_list_ticket_ = 0;
  bool frozen_ = false;
  records::Event event_;                   // scratch
  records::Request request_;               // scratch
};

}  // namespace riffle::pipeline
