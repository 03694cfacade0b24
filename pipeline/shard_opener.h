// Opens a shard's store, checks that it belongs to these topics, applies its journal, and finds where each input goes on.
// The refusals of DESIGN §5 are here: lost state, a topic made again, an offset that is no longer in the log.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "bus/bus.h"
#include "pipeline/options.h"
#include "pipeline/shard.h"

namespace riffle::pipeline {

class ShardOpener {
 public:
  struct Setup {
    bus::Bus* bus = nullptr;
    bus::Sink* lists = nullptr;
    const ShardOptions* shard = nullptr;
    WorkerOptions worker;
    const Clock* clock = nullptr;
    Metrics* metrics = nullptr;
    std::int32_t partitions = 0;
    std::string cluster_id;
  };
  explicit ShardOpener(Setup setup) : setup_(std::move(setup)) {}

  // Any thread; may take long.
  absl::StatusOr<std::unique_ptr<Shard>> open(Partition shard) const;

 private:
  absl::Status place(Shard& shard) const;
  absl::Status place(Shard& shard, Input input, bus::Source& group) const;

  Setup setup_;
};

// Kafka's name of the group that reads `requests` and `users`.
std::string requests_group(const std::string& group);

}  // namespace riffle::pipeline
