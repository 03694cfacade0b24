// The thread that owns shards and applies their records. A turn of a shard: its share of `events_turn` of events, then the
// waiting requests, a few dozen at a time; then the tick and the epoch's end, if they are due. Requests never wait behind a
// backlog.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/published.h"
#include "pipeline/epoch_writer.h"
#include "pipeline/event_pace.h"
#include "pipeline/inbox.h"
#include "pipeline/options.h"
#include "pipeline/shard.h"

namespace riffle::pipeline {

class ApplyThread {
 public:
  struct Environment {
    const Clock* clock = nullptr;
    const Published<World>* world = nullptr;
    EpochWriter* writer = nullptr;
    EpochOptions epoch;
    WorkerOptions worker;
    Metrics* metrics = nullptr;
    std::function<bool()> world_ready;                                       // have the snapshots been read once?
    std::function<bool()> connected;                                         // is the bus there?
    std::function<void(Partition, Input)> resume;                            // a paused input may go on
    std::function<void(Partition, std::vector<bus::Position>)> on_committed;  // these offsets are in the store
    std::function<void(Partition, absl::Status)> on_failed;                  // the shard has stopped
    const bus::TopicNames* topics = nullptr;
    std::uint64_t seed = 0;
  };

  explicit ApplyThread(Environment environment);
  ~ApplyThread();  // stops without committing; close() the shards first

  // `open` runs on this thread (it may take long: a store is opened, a journal applied) and gives the shard, or null where
  // it could not be opened. `assignment` tells this time that the shard is here from others.
  void add(Partition shard, std::uint64_t assignment, std::function<std::unique_ptr<Shard>()> open);
  // Ends the shard's last epoch, commits and closes it (`commit`), or drops it where it is; then calls `closed`.
  void close(Partition shard, bool commit, std::function<void()> closed);

  // Any thread. Records of a shard that is not here are dropped: it was given away. So are those that were read for another
  // assignment than the shard is here by: records before them may have been dropped. True: pause this input, there is enough.
  bool deliver(Partition shard, Input input, std::uint64_t assignment, std::vector<bus::Record> records,
               std::shared_ptr<void> memory);
  void reached_end(Partition shard, Input input, std::uint64_t assignment);

  // Events handed over that wait to be applied (for the lag metric).
  std::size_t waiting() const;
  // The event-made rows etc. of a shard may be looked at by posting here.
  void post(std::function<void()> work);

 private:
  struct Owned {
    std::unique_ptr<Shard> shard;
    std::chrono::steady_clock::time_point epoch_began, last_tick, last_stats;
    std::optional<std::chrono::steady_clock::time_point> last_asked;   // when requests were taken last
    bool asked = false;                      // lately: its epochs are small, and end one shard's after another
    bool behind = true;                      // a backlog of events is read
    TimePoint newest_record = kNoTime;       // record time of the last event applied
    bool events_at_end = false, requests_at_end = false;
    std::vector<bus::Position> freezing;     // positions of the frozen epoch
    std::function<void()> closed;            // set: takes no more turns, ends with the epoch under way
    bool dropped = false;                    // … and what came after that epoch is not committed
  };

  void run();
  Inbox* inbox_of(Partition shard, std::uint64_t assignment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);  // null: drop it
  bool turn(Partition id, Owned& owned);     // false: the shard has stopped
  bool end_epoch(Partition id, Owned& owned, std::chrono::steady_clock::time_point now, bool caught_up);
  bool submit(Partition id, Owned& owned, bool with_stats);
  void finish_commit(Partition id, absl::Status status);
  void drop(Partition id);
  void fail(Partition id, const absl::Status& status);
  std::size_t events_in_a_turn() const;
  std::size_t requests_in_a_turn() const;
  bool full(const Owned& owned) const;
  bool overfull(const Shard& shard) const;

  Environment environment_;
  Gauge& event_time_seconds_;
  std::map<Partition, Owned> shards_;        // this thread's alone
  double micros_per_event_ = 5;              // moving estimates, for the length of a turn
  double micros_per_request_ = 300;
  std::uint64_t batches_ = 0;
  EventPace pace_;
  bool events_rest_ = false;                 // in this round of turns, all shards'
  bool pressed_ = false;                     // a turn of this round left events waiting, or had requests with deadlines
  bool patient_ = false;                     // none of the round before was
  double round_events_ms_ = 0;               // of this round
  std::chrono::steady_clock::time_point last_stats_;  // of any shard
  bool froze_this_round_ = false;            // a shard's epoch has ended since each had its turn

  mutable absl::Mutex mutex_;
  std::map<Partition, Inbox> inboxes_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> work_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool news_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace riffle::pipeline
