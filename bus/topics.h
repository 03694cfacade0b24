// Riffle's topics (DESIGN.md §3): their names under a prefix, and how `topics create` makes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "bus/topics_options.h"

namespace riffle::bus {

struct TopicNames {
  explicit TopicNames(const std::string& prefix = "riffle.");

  std::string events, requests, users, items;           // in
  std::string recommendations, dead_letters;            // out
  std::string outcomes, epochs, item_stats, policy;     // internal

  friend bool operator==(const TopicNames&, const TopicNames&) = default;
};

// All ten. `events`, `requests` and `users` get the same partitions, or a user's requests would land where his history is
// not; so do the topics that carry a shard's outputs. `items` has items_partitions and `policy` one. Record times are the
// broker's (LogAppendTime): a history of 2010 is not thrown away by retention as soon as it is imported.
std::vector<TopicSpec> riffle_topics(const TopicsOptions& options);

}  // namespace riffle::bus
