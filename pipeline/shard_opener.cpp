#include "pipeline/shard_opener.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/log.h"
#include "pipeline/bus_input_log.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"

namespace riffle::pipeline {

std::string requests_group(const std::string& group) { return group + ".requests"; }

absl::StatusOr<std::unique_ptr<Shard>> ShardOpener::open(Partition id) const {
  const StateOptions& state = setup_.shard->state;
  state::RocksDbOptions rocksdb;
  rocksdb.directory = state::shard_directory(state.directory, id);
  rocksdb.write_buffer_bytes = state.write_buffer_bytes;
  rocksdb.block_cache_bytes = state.block_cache_bytes / static_cast<std::size_t>(std::max(1, setup_.partitions));
  rocksdb.wait_for_lock = state.wait_for_lock;
  ShardSetup setup;
  auto store = state::open_rocksdb_store(rocksdb);
  // It was waited for already; what is retriable from here on is the bus.
  if (absl::IsUnavailable(store.status()))
    return fatal_error(absl::StatusCode::kUnavailable, std::string(store.status().message()));
  RIFFLE_RETURN_IF_ERROR(store.status());
  setup.store = *std::move(store);
  setup.shard = id;
  setup.partitions = setup_.partitions;
  setup.cluster_id = setup_.cluster_id;
  setup.lists = setup_.lists;
  setup.options = setup_.shard;
  setup.metrics = setup_.metrics;
  // A store made later has a higher generation: its statistics replace those of the store that was lost.
  setup.new_generation = static_cast<std::uint64_t>(to_ms(setup_.clock->now()));
  RIFFLE_ASSIGN_OR_RETURN(auto shard, Shard::open(std::move(setup)));
  BusInputLog log(*setup_.bus, setup_.shard->topics);
  RIFFLE_RETURN_IF_ERROR(shard->restore(log));
  RIFFLE_RETURN_IF_ERROR(place(*shard));
  return shard;
}

absl::Status ShardOpener::place(Shard& shard) const {
  RIFFLE_ASSIGN_OR_RETURN(auto events, setup_.bus->make_source({setup_.worker.group}));
  RIFFLE_RETURN_IF_ERROR(place(shard, Input::kEvents, *events));
  RIFFLE_ASSIGN_OR_RETURN(auto requests, setup_.bus->make_source({requests_group(setup_.worker.group)}));
  RIFFLE_RETURN_IF_ERROR(place(shard, Input::kRequests, *requests));
  return place(shard, Input::kUsers, *requests);
}

absl::Status ShardOpener::place(Shard& shard, Input input, bus::Source& group) const {
  const BusInputLog names(*setup_.bus, setup_.shard->topics);
  const bus::TopicPartition where{names.topic(input), shard.id()};
  const std::string place = absl::StrCat(where.topic, "/", where.partition.value());
  RIFFLE_ASSIGN_OR_RETURN(const bus::Watermarks marks, group.watermarks(where));

  if (const auto stored = shard.next(input)) {
    if (*stored > marks.high) {
      return fatal_error(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat(place, " ends at offset ", marks.high.value(), ", before the stored offset ",
                                      stored->value(), ": the topic was deleted and made again, or lost records. Move "
                                      "the shard's state directory away and start with --rebuild"));
    }
    // A compacted topic may begin anywhere.
    if (*stored >= marks.low || input == Input::kUsers) return absl::OkStatus();
    const std::string lost = absl::StrCat(place, ": records ", stored->value(), " to ", marks.low.value() - 1,
                                          " are no longer in the log and were never applied");
    if (setup_.worker.on_lost_offset == LostOffset::kStop) {
      return fatal_error(absl::StatusCode::kOutOfRange,
                         absl::StrCat(lost, "; lengthen the topic's retention, or go on without them with "
                                            "--on-lost-offset earliest"));
    }
    log::warn("{}; going on without them", lost);
    shard.start_at(input, marks.low);
    return absl::OkStatus();
  }

  RIFFLE_ASSIGN_OR_RETURN(const auto committed, group.committed(where));
  if (committed && committed->value() > 0 && !setup_.worker.rebuild) {
    return fatal_error(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat(place, ": the group has read up to offset ", committed->value(), ", but ",
                                    setup_.shard->state.directory, " has no state of this shard. Bring the state directory "
                                    "back, or read all events again with --rebuild"));
  }
  // Rebuilding reads every event that there still is, but no request is answered twice.
  const bool go_on = committed && input == Input::kRequests && *committed >= marks.low && *committed <= marks.high;
  shard.start_at(input, go_on ? *committed : marks.low);
  return absl::OkStatus();
}

}  // namespace riffle::pipeline
