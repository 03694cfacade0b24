// One shard on a workbench: a memory bus, a memory store whose power can be cut, a sink that can fail between two sends.
// The bench plays the bus threads, the apply thread and the writer step by step, so that a test can stop anywhere.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/metrics.h"
#include "bus/local_bus.h"
#include "bus/topics.h"
#include "learner/trainer.h"
#include "pipeline/bus_input_log.h"
#include "pipeline/shard.h"
#include "records/json_codec.h"
#include "records/proto_codec.h"
#include "state/memory_store.h"

namespace riffle::pipeline {

// Answers errors from the n-th send on: the process has died between two lists.
class DyingSink final : public bus::Sink {
 public:
  explicit DyingSink(bus::Sink* sink) : sink_(sink) {}
  void die_after(std::size_t sends) { left_ = sends; }
  void live() { left_.reset(); }

  absl::StatusOr<std::uint64_t> send(const bus::OutRecord& record) override {
    if (left_ && *left_ == 0) return absl::AbortedError("died");
    if (left_) --*left_;
    return sink_->send(record);
  }
  bool wait_acknowledged(std::uint64_t ticket, Milliseconds wait) override { return sink_->wait_acknowledged(ticket, wait); }
  std::uint64_t acknowledged() const override { return sink_->acknowledged(); }
  std::vector<bus::Refusal> take_refusals() override { return sink_->take_refusals(); }
  bool connected() const override { return true; }

 private:
  bus::Sink* sink_;
  std::optional<std::size_t> left_;
};

class ShardBench {
 public:
  ShardBench() {
    bus_ = bus::make_local_bus({}).value();
    bus::TopicsOptions topics;
    topics.partitions = 1;
    EXPECT_TRUE(bus_->create_topics(bus::riffle_topics(topics)).ok());
    out_ = bus_->make_sink({}).value();
    sink_ = std::make_unique<DyingSink>(out_.get());
    options_.rows.types = features::default_types();
    serving::PolicyOptions policy;
    policy.id = PolicyId("popularity");
    policy.scorer = "popularity";
    policy.explorer.kind = "epsilon";
    policy.explorer.epsilon = .3;
    options_.policies = {policy};
    options_.experiments.arms = {{policy.id, 1.0}};
    world_.catalogue = std::make_shared<const features::Catalogue>();
    world_.stats = std::make_shared<const features::ItemStatsSnapshot>();
    auto policies = std::make_shared<PolicySet>();
    policies->versions[policy.id] = {policy.id, 0, learner::make_scorer("popularity", "", {}).value(), 0};
    world_.policies = std::move(policies);
    source_ = bus_->make_source({}).value();
  }

  // ---- what the shop does
  void send(const std::string& topic, const std::string& key, const std::string& value) {
    bus::OutRecord record;
    record.topic = topic;
    record.key = key;
    record.value = value;
    ASSERT_TRUE(out_->send(record).ok());
  }
  const bus::TopicNames& topics() const { return options_.topics; }

  // ---- the process
  void start() {
    sink_->live();
    ShardSetup setup;
    setup.shard = Partition(0);
    setup.partitions = 1;
    setup.cluster_id = bus_->cluster_id().value();
    setup.store = store_.reopen();
    setup.lists = sink_.get();
    setup.options = &options_;
    setup.metrics = &metrics_;
    setup.new_generation = 1;
    auto shard = Shard::open(std::move(setup));
    ASSERT_TRUE(shard.ok()) << shard.status();
    shard_ = *std::move(shard);
    BusInputLog log(*bus_, options_.topics);
    const absl::Status restored = shard_->restore(log);
    ASSERT_TRUE(restored.ok()) << restored;
    for (const Input input : {Input::kEvents, Input::kRequests, Input::kUsers}) {
      if (!shard_->next(input)) shard_->start_at(input, Offset(0));
    }
  }

  absl::Status process(std::size_t events, std::size_t requests, Milliseconds tick, std::uint64_t seed,
                       bool events_lag = false) {
    MicroBatch batch;
    take(Input::kEvents, events, batch.events, batch.memory);
    take(Input::kRequests, requests, batch.requests, batch.memory);
    take(Input::kUsers, 10, batch.users, batch.memory);
    batch.tick = tick;
    batch.seed = seed;
    batch.events_lag = events_lag;
    batch.world = world_;
    batch.wall = from_ms(1'800'000'000'000);
    return shard_->process(batch);
  }

  // Hands the shard every event of the log from the first on, whatever it has applied: what a bus does that forgot where
  // its reader stands.
  absl::Status process_all_events_again() {
    MicroBatch batch;
    EXPECT_TRUE(source_->assign({{{topics().events, Partition(0)}, Offset(0)}}).ok());
    auto read = source_->poll(10'000, Milliseconds(100)).value();
    for (bus::Record& record : read.records) batch.events.push_back(std::move(record));
    batch.memory.push_back(std::move(read.memory));
    batch.world = world_;
    batch.wall = from_ms(1'800'000'000'000);
    return shard_->process(batch);
  }

  // The writer's steps, one at a time. False once the epoch is committed.
  bool write_step() {
    switch (write_at_) {
      case 0: {
        if (!shard_->dirty()) return false;
        frozen_ = shard_->freeze(true).value();
        break;
      }
      case 1: EXPECT_TRUE(frozen_->store->sync().ok()); break;
      case 2: outputs_at_ = 0; [[fallthrough]];
      case 3:
        if (outputs_at_ < frozen_->outputs.size()) {
          EXPECT_TRUE(out_->send(frozen_->outputs[outputs_at_++].record()).ok());
          write_at_ = 3;
          return true;
        }
        write_at_ = 3;
        break;
      case 4: {
        state::WriteBatch batch;
        append_commit(*frozen_, batch);
        if (!frozen_->store->write(batch, true).ok()) {
          died_ = true;
          return false;
        }
        break;
      }
      case 5:
        shard_->committed();
        frozen_.reset();
        write_at_ = 0;
        return false;
    }
    ++write_at_;
    return true;
  }
  void finish_epoch() {
    while (write_step()) {
    }
  }
  bool writing() const { return write_at_ > 0; }
  bool died() const { return died_; }   // in the commit

  void kill() {
    frozen_.reset();
    write_at_ = 0;
    died_ = false;
    shard_.reset();
  }
  void cut_power(std::size_t keep) {
    kill();
    store_.lose_unsynced(std::min(keep, store_.unsynced()));
  }

  bool idle() {
    return *shard_->next(Input::kEvents) == end(Input::kEvents) && *shard_->next(Input::kRequests) == end(Input::kRequests);
  }
  Offset end(Input input) {
    return source_->watermarks({BusInputLog(*bus_, options_.topics).topic(input), Partition(0)}).value().high;
  }

  // Everything on a topic's only partition.
  std::vector<std::pair<std::string, std::string>> read(const std::string& topic) {
    std::vector<std::pair<std::string, std::string>> records;
    const bus::TopicPartition where{topic, Partition(0)};
    const Offset high = source_->watermarks(where).value().high;
    if (high.value() == 0) return records;
    EXPECT_TRUE(source_->assign({{where, Offset(0)}}).ok());
    Offset at(0);
    while (at < high) {
      const auto batch = source_->poll(1000, Milliseconds(100)).value();
      for (const bus::Record& r : batch.records) {
        records.emplace_back(std::string(r.key.value_or("")), std::string(r.value.value_or("")));
        at = next(r.offset);
      }
    }
    return records;
  }

  // The event-made rows, as sorted keys and values.
  std::vector<std::pair<std::string, std::string>> rows() const {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const state::Column column : {state::Column::kUsers, state::Column::kItems}) {
      EXPECT_TRUE(store_.scan(column, "", "", [&](std::string_view key, std::string_view value) {
                            rows.emplace_back(absl::StrCat(static_cast<int>(column), "/", std::string(key)), std::string(value));
                            return true;
                          })
                      .ok());
    }
    return rows;
  }

  Shard& shard() { return *shard_; }
  bool running() const { return shard_ != nullptr; }
  DyingSink& sink() { return *sink_; }
  state::MemoryStore& store() { return store_; }
  ShardOptions& options() { return options_; }
  bus::Bus& bus() { return *bus_; }
  World& world() { return world_; }

 private:
  void take(Input input, std::size_t most, std::vector<bus::Record>& out, std::vector<std::shared_ptr<void>>& memory) {
    const Offset from = *shard_->next(input);
    if (most == 0 || from >= end(input)) return;
    const bus::TopicPartition where{BusInputLog(*bus_, options_.topics).topic(input), Partition(0)};
    ASSERT_TRUE(source_->assign({{where, from}}).ok());
    auto batch = source_->poll(most, Milliseconds(100)).value();
    for (bus::Record& record : batch.records) out.push_back(std::move(record));
    memory.push_back(std::move(batch.memory));
  }

  std::unique_ptr<bus::LocalBus> bus_;
  std::unique_ptr<bus::Sink> out_;
  std::unique_ptr<DyingSink> sink_;
  std::unique_ptr<bus::Source> source_;
  state::MemoryStore store_;
  Metrics metrics_;
  ShardOptions options_;
  World world_;
  std::unique_ptr<Shard> shard_;
  std::optional<FrozenEpoch> frozen_;
  int write_at_ = 0;
  bool died_ = false;
  std::size_t outputs_at_ = 0;
};

}  // namespace riffle::pipeline
