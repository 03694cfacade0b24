// Reads a shard's inputs again from the bus, with a source of its own that belongs to no group.
#pragma once

#include <memory>
#include <string>

#include "bus/bus.h"
#include "bus/topics.h"
#include "pipeline/shard.h"

namespace riffle::pipeline {

class BusInputLog final : public InputLog {
 public:
  BusInputLog(bus::Bus& bus, const bus::TopicNames& topics) : bus_(bus), topics_(topics) {}

  // Waits for a bus that is away. A record of the run that the log no longer has is an error; the `users` topic is
  // compacted and may have gaps.
  absl::StatusOr<bus::Batch> read(Input input, Partition shard, Offset from, Offset to) override;
  absl::StatusOr<std::optional<std::uint64_t>> checksum(Input input, Partition shard, Offset offset) override;

  const std::string& topic(Input input) const;

 private:
  absl::StatusOr<bus::Source*> source();

  bus::Bus& bus_;
  const bus::TopicNames& topics_;
  std::unique_ptr<bus::Source> source_;
};

}  // namespace riffle::pipeline
