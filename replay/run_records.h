// The records that a journal's entries name, handed out run by run. Each input is read once, in order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "pipeline/shard.h"
#include "records/riffle.pb.h"
#include "replay/partition_reader.h"

namespace riffle::replay {

class RunRecords {
 public:
  // `bus` and `topics` outlive it. `until`: records stamped later are not given.
  RunRecords(bus::Bus& bus, const bus::TopicNames& topics, Partition shard, std::optional<TimePoint> until)
      : bus_(bus), topics_(topics), shard_(shard), until_(until) {}

  // The records of the entry's runs, one vector an input; they live until the next call. Errors: OutOfRange, fatal: a
  // record is no longer in the log, or not yet; `users` is compacted and may have gaps.
  absl::Status read(const pb::JournalEntry& entry);
  const pipeline::Shard::RunRecords& records() const { return records_; }

  // A record stamped later than `until` was met: what follows it is not given.
  bool past_end() const { return past_end_; }
  // Of the last record given.
  TimePoint record_time() const { return record_time_; }

 private:
  absl::Status read(const pb::Run& run, std::vector<bus::Record>& out);
  const std::string& topic(pipeline::Input input) const;

  bus::Bus& bus_;
  const bus::TopicNames& topics_;
  const Partition shard_;
  const std::optional<TimePoint> until_;
  std::array<std::optional<PartitionReader>, pipeline::kInputs> readers_;
  pipeline::Shard::RunRecords records_;
  std::vector<std::shared_ptr<void>> memory_;
  TimePoint record_time_{};
  bool past_end_ = false;
};

}  // namespace riffle::replay
