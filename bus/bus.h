// The message bus as Riffle sees it: topics of partitions of records with offsets, Kafka's contract. Two buses keep it:
// bus/kafka_bus.h (librdkafka) and bus/local_bus.h (segment files, or memory). tests/contract/bus runs one suite on both.
//
//   auto source = bus.make_source({.group = "riffle"});
//   source->assign({{{"riffle.events", Partition(0)}, Offset(17)}});
//   auto batch = source->poll(1000, 50ms);          // batch->records[i].value is a view into the batch
//
// Errors: absl::Status with the classes of base/errors.h. A bus that is away is retriable: poll() answers an empty batch
// and connected() says false until it is back; nothing is lost and nothing has to be called again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/time.h"

namespace riffle::bus {

struct TopicPartition {
  std::string topic;
  Partition partition;
  friend bool operator==(const TopicPartition&, const TopicPartition&) = default;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
  template <class H>
  friend H AbslHashValue(H h, const TopicPartition& tp) { return H::combine(std::move(h), tp.topic, tp.partition); }
};

struct Header {
  std::string_view name;
  std::string_view value;
};

// A record as it was read. Views live as long as the batch that it came in.
struct Record {
  std::string_view topic;
  Partition partition;
  Offset offset;
  TimePoint timestamp;                     // record time: LogAppendTime or the producer's
  std::optional<std::string_view> key;     // no key and an empty key differ
  std::optional<std::string_view> value;   // no value is a tombstone
  std::vector<Header> headers;

  std::size_t bytes() const { return (key ? key->size() : 0) + (value ? value->size() : 0) + 64; }
};

// A partition that cannot go on by itself: the position is no longer in the log (code kOutOfRange), the topic is gone
// (kNotFound), access is denied (kPermissionDenied). Said once; the partition delivers nothing until assigned again.
struct PartitionError {
  TopicPartition where;
  absl::Status status;
};

struct Batch {
  std::vector<Record> records;             // in offset order within a partition
  std::vector<TopicPartition> ends;        // partitions whose end was reached after these records
  std::vector<PartitionError> errors;
  std::shared_ptr<void> memory;            // what the views point into
};

// Where to go on: `offset` is the next record's.
struct Position {
  TopicPartition where;
  Offset offset;
};
constexpr Offset kEarliest{-2};
constexpr Offset kLatest{-1};

// The log of one partition: records low … high-1 can be read.
struct Watermarks {
  Offset low, high;
};

// Called by Source::poll on its caller's thread. Must not block: it hands the news on and returns. After on_assigned the
// source delivers nothing of these partitions until Source::start gives their positions; after on_revoked (or on_lost:
// the group has given them away already) nothing of them is delivered any more, once Source::release was called.
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  virtual void on_assigned(const std::vector<TopicPartition>& partitions) = 0;
  virtual void on_revoked(const std::vector<TopicPartition>& partitions) = 0;
  virtual void on_lost(const std::vector<TopicPartition>& partitions) = 0;
};

// Reads records. One thread calls it, but for wake(), connected() and the destructor's usual rules.
// Either subscribe() (group) or assign() (by hand), not both.
class Source {
 public:
  virtual ~Source() = default;

  // Waits at most `wait` for the first record, then takes what is there, up to `max_records`.
  virtual absl::StatusOr<Batch> poll(std::size_t max_records, Milliseconds wait) = 0;

  // By hand: replaces the assignment. kEarliest and kLatest are allowed as offsets. A position outside the log is a
  // PartitionError of a later poll, never a silent jump.
  virtual absl::Status assign(const std::vector<Position>& positions) = 0;

  // Group: all partitions of the topics, shared with the group's other members by the range assignor. `listener` must
  // outlive the source. start() answers the newest on_assigned with every partition's position; release() the newest
  // on_revoked / on_lost.
  virtual absl::Status subscribe(const std::vector<std::string>& topics, RebalanceListener* listener) = 0;
  virtual absl::Status start(const std::vector<Position>& positions) = 0;
  virtual absl::Status release() = 0;

  // Backpressure: a paused partition delivers nothing; poll must still be called.
  virtual absl::Status pause(const std::vector<TopicPartition>& partitions) = 0;
  virtual absl::Status resume(const std::vector<TopicPartition>& partitions) = 0;

  // The group's own offsets: Riffle trusts its store and writes these for lag monitors and to recognise lost state.
  // commit() does not wait.
  virtual absl::Status commit(const std::vector<Position>& positions) = 0;
  virtual absl::StatusOr<std::optional<Offset>> committed(const TopicPartition& where) = 0;

  virtual absl::StatusOr<Watermarks> watermarks(const TopicPartition& where) = 0;

  virtual bool connected() const = 0;  // any thread
  // Why it is not connected, as far as that is known, for people; kPermissionDenied: the bus refuses this client's
  // credentials, which time alone will not mend. Any thread.
  virtual absl::Status trouble() const { return absl::OkStatus(); }
  virtual void wake() = 0;             // any thread: a waiting poll returns at once
};

// A record to write. Views need to live during send() only.
struct OutRecord {
  std::string_view topic = {};
  std::optional<Partition> partition = {};      // none: murmur2 of the key, as Kafka's Java clients; no key: any
  std::optional<std::string_view> key = {};
  std::optional<std::string_view> value = {};   // none: a tombstone
  std::vector<Header> headers = {};
  std::optional<TimePoint> timestamp = {};      // none: now
};

// A record that the bus will never take (too large for the topic, topic unknown, access denied).
struct Refusal {
  std::string topic;
  std::string key;
  std::size_t bytes = 0;
  absl::Status status;
};

// Writes records in order per partition, idempotently, acknowledged by all replicas. It never gives up by itself: what
// is not acknowledged is sent again until it is, by a new producer where the old one is beyond repair. Unacknowledged
// bytes are bounded: send() waits for room. Any thread.
class Sink {
 public:
  virtual ~Sink() = default;

  // Takes the record into the queue and answers its ticket: 1, 2, 3, … in the order of the calls.
  virtual absl::StatusOr<std::uint64_t> send(const OutRecord& record) = 0;

  // Waits until everything up to `ticket` is acknowledged or refused, at most `wait`: true when it is.
  virtual bool wait_acknowledged(std::uint64_t ticket, Milliseconds wait) = 0;
  virtual std::uint64_t acknowledged() const = 0;  // every ticket up to this one is settled

  // The refusals since the last call.
  virtual std::vector<Refusal> take_refusals() = 0;
  virtual bool connected() const = 0;
};

enum class Cleanup { kDelete, kCompact };

struct TopicSpec {
  std::string name;
  std::int32_t partitions = 1;
  std::int16_t replication_factor = 1;
  Cleanup cleanup = Cleanup::kDelete;
  std::optional<Milliseconds> retention;   // none: the bus's default; -1 ms: for ever
  std::map<std::string, std::string> config;  // further topic settings, by Kafka's names
};

struct TopicInfo {
  std::int32_t partitions = 0;
};

struct SourceOptions {
  std::string group = {};                  // needed for subscribe, commit and committed
  std::string client_id = "riffle";
  bool group_member = false;               // will subscribe()
};

struct SinkOptions {
  Milliseconds linger{0};
  std::size_t max_unacknowledged_bytes = 64 << 20;
  std::string client_id = "riffle";
};

class Bus {
 public:
  virtual ~Bus() = default;

  virtual absl::StatusOr<std::unique_ptr<Source>> make_source(const SourceOptions& options) = 0;
  virtual absl::StatusOr<std::unique_ptr<Sink>> make_sink(const SinkOptions& options) = 0;

  // Creates what is missing; a topic that exists with other partitions is an error that says both numbers, and nothing of
  // it is changed.
  virtual absl::Status create_topics(const std::vector<TopicSpec>& topics) = 0;
  // Nothing where the topic does not exist; an error where the bus cannot be asked.
  virtual absl::StatusOr<std::optional<TopicInfo>> describe(const std::string& topic) = 0;
  // Names this bus for ever: Kafka's cluster.id, a local bus directory's own id.
  virtual absl::StatusOr<std::string> cluster_id() = 0;
};

}  // namespace riffle::bus
