// Riffle's topics (DESIGN.md §3): their names under a prefix, and how `topics create` makes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "bus/bus.h"

namespace riffle::bus {

struct TopicNames {
  explicit TopicNames(const std::string& prefix = "riffle.");

  std::string events, requests, users, items;           // in
  std::string recommendations, dead_letters;            // out
  std::string outcomes, epochs, item_stats, policy;     // internal

  friend bool operator==(const TopicNames&, const TopicNames&) = default;
};

struct TopicsOptions {
  std::string prefix = "riffle.";        // one namespace a tenant
  // Of every topic whose records belong to a shard: one shard each. It cannot be changed later without `state migrate`.
  std::int32_t partitions = 4;
  std::int32_t items_partitions = 1;     // every worker reads all of it
  std::int16_t replication_factor = 1;   // 3 on a cluster of three or more
  Milliseconds retention = std::chrono::hours(24 * 7);  // of the topics that are not compacted; -1 ms: for ever
  std::int32_t max_message_bytes = 4 << 20;  // lists with all their reasons and policy blocks fit well below it
};

// All ten. `events`, `requests` and `users` get the same partitions, or a user's requests would land where his history is
// not; so do the topics that carry a shard's outputs. `items` has items_partitions and `policy` one. Record times are the
// broker's (LogAppendTime): a history of 2010 is not thrown away by retention as soon as it is imported.
std::vector<TopicSpec> riffle_topics(const TopicsOptions& options);

}  // namespace riffle::bus
