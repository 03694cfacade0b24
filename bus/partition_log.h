// The log of one partition: segments in the order of their offsets, the last one growing.
//
// Directory (or memory, when it is empty): `<20 digits of the base offset>.segment`, and `.tmp` while cleaning writes
// one. Segments may overlap after a crash in the middle of cleaning (a merged file beside one of its parts): readers go by
// offset, so nothing is delivered twice, and the next cleaning removes the rest.
//
// Three sides, each one thread at a time: the writer (write, sync, publish), cleaning (clean), and any number of readers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "bus/bus.h"
#include "bus/segment.h"
#include "bus/waiter.h"

namespace riffle::bus {

struct LogSettings {
  std::string directory;                    // of this partition; empty: in memory
  std::size_t segment_bytes = 64 << 20;
  bool fsync = true;                        // false: sync() does nothing, but a sealed segment is still synced
  Milliseconds segment_age{0};              // a segment older than that is sealed by the next write; 0: never
  Cleanup cleanup = Cleanup::kDelete;
  std::optional<Milliseconds> retention;    // kDelete; none: for ever
  std::optional<std::size_t> retention_bytes;  // kDelete; none: no bound
  Milliseconds tombstone_retention{std::chrono::hours(24)};  // kCompact: how long a tombstone stays for slow readers
};

class PartitionLog {
 public:
  static absl::StatusOr<std::unique_ptr<PartitionLog>> open(TopicPartition where, LogSettings settings, TimePoint now);

  const TopicPartition& where() const { return where_; }

  // The writer. write() appends whole frames whose offsets go on from next_offset(), beginning a new segment where the
  // last one is full or too old; sync() makes them durable; publish() shows them to readers and wakes those who wait.
  // After an error of write() or sync(), abandon() and the same frames may be written again.
  absl::Status write(std::string_view frames, TimePoint now);
  absl::Status sync();
  void abandon();
  void publish();
  // True once after a segment was sealed: cleaning has work.
  bool take_sealed();

  // Readers.
  Watermarks watermarks() const;
  struct ReadResult {
    Offset next;          // where to go on: past gaps, so it equals the high watermark at the end
    bool at_end = false;
  };
  // Appends up to `max_records` records from `from` on to `records`, and what keeps them alive to `memory`. OutOfRange
  // where `from` is below the low or above the high watermark; DataLoss where a segment is damaged there.
  absl::StatusOr<ReadResult> read(Offset from, std::size_t max_records, std::vector<Record>& records,
                                  std::vector<std::shared_ptr<const void>>& memory) const;
  // `waiter` is signalled at every publish() until it is removed or dies.
  void add_waiter(const std::shared_ptr<Waiter>& waiter);
  void remove_waiter(const Waiter* waiter);

  // Retention or compaction of the sealed segments (bus/log_cleaner.h).
  absl::Status clean(TimePoint now);

  // The segment files with the bytes of each that are durable (bus/local_bus.h: power-loss tests).
  std::vector<std::pair<std::string, std::size_t>> durable_bytes() const;

 private:
  using Segments = std::vector<std::shared_ptr<Segment>>;

  PartitionLog(TopicPartition where, LogSettings settings) : where_(std::move(where)), settings_(std::move(settings)) {}
  std::string segment_path(Offset base) const;
  absl::Status open_segments();
  absl::Status begin_segment(Offset base, std::size_t at_least);
  std::shared_ptr<const Segments> segments() const;
  void replace_segments(Segments segments) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const TopicPartition where_;
  const LogSettings settings_;

  // The writer's own.
  Offset written_next_;            // of what was written
  TimePoint segment_began_;
  std::vector<std::shared_ptr<Segment>> unsynced_;
  bool sealed_ = false;

  mutable absl::Mutex mutex_;
  // Never empty once open; replaced as a whole, so that a reader takes it with one shared pointer.
  std::shared_ptr<const Segments> segments_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const Segments>();
  Offset high_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<Waiter>> waiters_ ABSL_GUARDED_BY(mutex_);

  Offset cleaned_until_;  // cleaning's own: compacted in this process up to here
};

}  // namespace riffle::bus
