// Kafka's range assignor: for each topic, the members that want it, in the order of their ids, get runs of partitions of
// nearly equal length; the first ones get one more where it does not come out even. So the same-numbered partitions of
// topics with equal partition counts go to the same member.
//
//   5 partitions, members a, b  →  a: 0 1 2   b: 3 4
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bus/bus.h"

namespace riffle::bus {

// `wants`: the topics of each member; `partitions`: those of each topic that exists. Every member is in the answer.
inline std::map<std::uint64_t, std::vector<TopicPartition>> assign_ranges(
    const std::map<std::uint64_t, std::set<std::string>>& wants, const std::map<std::string, std::int32_t>& partitions) {
  std::map<std::uint64_t, std::vector<TopicPartition>> shares;
  for (const auto& [member, topics] : wants) shares[member];
  for (const auto& [topic, count] : partitions) {
    std::vector<std::uint64_t> members;
    for (const auto& [member, topics] : wants)
      if (topics.contains(topic)) members.push_back(member);
    if (members.empty()) continue;
    const auto n = static_cast<std::int32_t>(members.size());
    std::int32_t next = 0;
    for (std::int32_t i = 0; i < n; ++i) {
      const std::int32_t share = count / n + (i < count % n ? 1 : 0);
      for (std::int32_t p = next; p < next + share; ++p)
        shares[members[static_cast<std::size_t>(i)]].push_back({topic, Partition(p)});
      next += share;
    }
  }
  return shares;
}

}  // namespace riffle::bus
