// One Riffle as a user runs it: a configuration file, a bus, a state directory, and the real
// binary. A test looks into its bus and its stores from outside.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bus/kafka_bus.h"
#include "bus/local_bus.h"
#include "bus/topics.h"
#include "killable_process.h"
#include "pipeline/micro_batch.h"
#include "shop.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"
#include "state/shard_store.h"
#include "topics.h"

namespace riffle::crash {

// The end of every partition of the inputs of shards.
using Ends = std::map<std::pair<pipeline::Input, Partition>, Offset>;

class Deployment {
 public:
  // `broker`: Kafka's address; empty: a local bus in `directory`. `encoder`: one of users' histories learns, too.
  Deployment(std::string directory, std::string broker, const std::string& prefix, bool encoder = false)
      : directory_(std::move(directory)),
        broker_(std::move(broker)),
        prefix_(prefix),
        topics_(prefix),
        encoder_(encoder) {
    std::filesystem::create_directories(directory_);
    write_configuration();
    bus::TopicsOptions options;
    options.prefix = prefix_;
    options.partitions = kPartitions;
    EXPECT_TRUE(open_bus()->create_topics(bus::riffle_topics(options)).ok());
  }

  const bus::TopicNames& topics() const { return topics_; }
  const std::string& directory() const { return directory_; }
  bool on_kafka() const { return !broker_.empty(); }

  // A local bus belongs to one process: only while Riffle does not run.
  std::unique_ptr<bus::Bus> open_bus() const {
    if (on_kafka())
      return bus::make_kafka_bus({.properties = {{"bootstrap.servers", broker_}}}).value();
    bus::LocalBusOptions options;
    options.directory = bus_directory();
    return bus::make_local_bus(options).value();
  }

  // `name`: the worker's; two of one deployment share its state directory.
  std::unique_ptr<KillableProcess> start(const std::vector<std::string>& environment = {},
                                         const std::string& name = "worker") const {
    const std::string binary = std::string(RIFFLE_BINARY_DIR) + "/riffle";
    return std::make_unique<KillableProcess>(
        std::vector<std::string>{binary, "run", "--config", directory_ + "/riffle.yaml", "--set",
                                 "worker.name=" + name},
        absl::StrCat(directory_, "/log-", name), environment);
  }

  Ends ends() const {
    const auto bus = open_bus();
    const auto source = bus->make_source({}).value();
    Ends ends;
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      for (const auto& [input, topic] : {std::pair{pipeline::Input::kEvents, topics_.events},
                                         {pipeline::Input::kRequests, topics_.requests},
                                         {pipeline::Input::kUsers, topics_.users}}) {
        ends[{input, Partition(p)}] = watermarks_of(*source, {topic, Partition(p)}).high;
      }
    }
    return ends;
  }

  // Whether everything up to `ends` is applied and committed; with `windows`, also every list's
  // window closed. It may be asked while Riffle runs; what cannot be read at the moment is not
  // there yet.
  bool committed(const Ends& ends, bool windows) const {
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      const auto store = open_store(Partition(p));
      if (!store.ok()) return false;
      const auto positions = state::load_positions(**store);
      if (!positions.ok()) return false;
      for (const auto& [where, end] : ends) {
        if (where.second != Partition(p)) continue;
        std::int64_t at = 0;
        for (const pb::InputPosition& position : *positions)
          if (position.input() == static_cast<std::uint32_t>(where.first)) at = position.offset();
        if (at != end.value()) return false;
      }
      bool open = false;
      const auto any = [&](std::string_view, std::string_view) { return !(open = true); };
      if (windows && (!(*store)->scan(state::Column::kJoins, "", "", any).ok() || open))
        return false;
    }
    return true;
  }

  // The rows that events alone make, as sorted keys and values.
  std::vector<std::pair<std::string, std::string>> event_rows(Partition shard) const {
    std::vector<std::pair<std::string, std::string>> rows;
    const auto store = open_store(shard).value();
    for (const state::Column column : {state::Column::kUsers, state::Column::kItems}) {
      EXPECT_TRUE(store
                      ->scan(column, "", "",
                             [&](std::string_view key, std::string_view value) {
                               rows.emplace_back(absl::StrCat(std::string(state::name_of(column)),
                                                              "/", std::string(key)),
                                                 value);
                               return true;
                             })
                      .ok());
    }
    return rows;
  }

  std::uint64_t generation(Partition shard) const {
    return state::read_header(*open_store(shard).value())
        .value()
        .value_or(pb::StoreHeader())
        .generation();
  }

  // All that Riffle writes to on a local bus.
  std::vector<std::string> written_directories() const { return {bus_directory(), directory_ + "/state"}; }

 private:
  std::string bus_directory() const { return directory_ + "/bus"; }

  absl::StatusOr<std::unique_ptr<state::Store>> open_store(Partition shard) const {
    state::RocksDbOptions options;
    options.directory = state::shard_directory(directory_ + "/state", shard);
    options.read_only = true;
    return state::open_rocksdb_store(options);
  }

  // Small epochs and caches, so that a short run has many commits, evicted rows and flushes to be
  // killed in.
  void write_configuration() const {
    std::ofstream file(directory_ + "/riffle.yaml");
    if (on_kafka()) {
      // A killed member holds the group up until its session ends.
      file << "kafka: {bootstrap.servers: \"" << broker_
           << "\", session.timeout.ms: \"2000\", heartbeat.interval.ms: \"500\"}\n";
    } else {
      file << "local: {directory: \"" << bus_directory() << "\"}\n";
    }
    file << "topics: {prefix: \"" << prefix_ << "\", partitions: " << kPartitions << "}\n"
         << "ingest: {partitioner: murmur2, future_tolerance: 60d}\n"
         << "learner: {publish_interval: 20ms, linear: {half_life: 0s}"
         << (encoder_ ? ", sequence: {encoder: mean, width: 8, step_every: 16, publish_interval: 1s}" : "") << "}\n"
         << "state: {directory: \"" << directory_
         << "/state\", cached_users: 16, cached_items: 24, cached_decisions: 16, cached_lists: 16, "
         << "write_buffer_bytes: 1MiB, block_cache_bytes: 8MiB}\n"
         << "epoch: {interval: 10ms, catching_up_interval: 15ms, records: 64, stats_interval: "
            "50ms}\n"
         << "worker: {group: \"" << prefix_ << "group\", tick_interval: 20ms, events_turn: 1ms}\n"
         << "http: {enabled: false}\n";
  }

  const std::string directory_, broker_, prefix_;
  const bus::TopicNames topics_;
  const bool encoder_;
};

}  // namespace riffle::crash
