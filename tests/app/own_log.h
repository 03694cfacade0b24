// Riffle's own log for tests of what reads it: outcomes on a local bus.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/rng.h"
#include "bus/local_bus.h"
#include "records/riffle.pb.h"

namespace riffle::app {

// The topic `riffle.outcomes` of a new local bus, one partition.
inline void write_outcomes(const std::string& directory, const std::vector<pb::Outcome>& outcomes) {
  bus::LocalBusOptions options;
  options.directory = directory;
  options.fsync = false;
  auto bus = *bus::make_local_bus(options);
  bus::TopicSpec topic;
  topic.name = "riffle.outcomes";
  ASSERT_TRUE(bus->create_topics({topic}).ok());
  auto sink = *bus->make_sink({});
  std::uint64_t ticket = 0;
  for (const pb::Outcome& outcome : outcomes) {
    const std::string value = outcome.SerializeAsString();
    ticket = *sink->send({.topic = "riffle.outcomes", .key = "u", .value = value});
  }
  ASSERT_TRUE(sink->wait_acknowledged(ticket, Milliseconds(10000)));
}

// Lists of two slots drawn evenly from eight items, a fifth of the slots rewarded; closed.
inline std::vector<pb::Outcome> even_lists(std::size_t count) {
  Rng rng(2);
  std::vector<pb::Outcome> log(count);
  for (std::size_t i = 0; i < count; ++i) {
    log[i].set_sequence(i + 1);
    log[i].set_recommendation_id("r" + std::to_string(i));
    log[i].set_user_id("u" + std::to_string(rng.below(300)));
    log[i].set_closed(true);
    log[i].set_revision(1);
    for (std::uint32_t k = 0; k < 2; ++k) {
      pb::OutcomeSlot& slot = *log[i].add_slots();
      slot.set_allowed(8 - k);
      slot.set_propensity(1.0 / (8 - k));
      slot.set_reward(rng.below(5) == 0 ? 1 : 0);
    }
  }
  return log;
}

}  // namespace riffle::app
