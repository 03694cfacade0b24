// What the micro-benchmarks work on: rows, catalogue and merged statistics made by the stated workload's events, in RAM.
// As in a worker of four shards: this shard's rows live, the others' as published parts.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "app/bench/workload.h"
#include "features/catalogue.h"
#include "features/event_rows.h"
#include "features/item_stats.h"
#include "records/json_codec.h"
#include "serving/recommender.h"
#include "state/memory_store.h"

namespace riffle::bench {

class World {
 public:
  static constexpr std::size_t kShards = 4;
  static constexpr std::size_t kEvents = 200'000;

  // Made once, in seconds, and shared: benchmarks run one after the other. Rows may be edited; the catalogue stays.
  static World& shared();

  const std::string& user(std::size_t i) const { return users_[i % users_.size()]; }  // of this shard, by their activity
  const std::vector<std::string>& event_texts() const { return event_texts_; }        // well-formed, of this shard
  const std::vector<records::Event>& events() const { return events_; }               // the same, decoded
  TimePoint now() const { return now_; }

  // Of a request of this user. Lives until the next call.
  serving::ServingContext context(const std::string& user);

  features::RowOptions rows;
  serving::PolicyOptions policy;
  learner::PolicyVersion version;
  state::MemoryStore store;
  state::RowCache<records::UserRow> users{&store, state::Column::kUsers, 1'000'000};
  state::RowCache<records::ItemRow> items{&store, state::Column::kItems, 1'000'000};
  features::EventRows event_rows{rows, &users, &items};
  features::FreshItems fresh{nullptr};   // none: all that the events did has come back as statistics
  std::shared_ptr<const features::Catalogue> catalogue;
  std::shared_ptr<const features::ItemStatsSnapshot> stats;

 private:
  World();
  void stock(const app::bench::Workload& workload);
  void apply(app::bench::Workload& workload);

  std::vector<std::string> users_, event_texts_;
  std::vector<records::Event> events_;
  TimePoint now_{};
};

}  // namespace riffle::bench
