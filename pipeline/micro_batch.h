// What a shard takes at once, and what it knows of the world while it does. Time and chance come in here: process() reads
// no clock and seeds nothing by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "base/time.h"
#include "bus/bus.h"
#include "features/catalogue.h"
#include "features/item_stats.h"
#include "learner/scorer.h"
#include "learner/sequence/encoder_snapshot.h"

namespace riffle::pipeline {

// The user-keyed inputs of a shard. Stored by number: add at the end only.
enum class Input : std::uint8_t { kEvents, kRequests, kUsers };
constexpr std::size_t kInputs = 3;
std::string_view name_of(Input input);

// The newest version of every policy, by id, and of the encoder of users' histories.
struct PolicySet {
  absl::flat_hash_map<PolicyId, learner::PolicyVersion> versions;
  std::shared_ptr<const learner::EncoderSnapshot> encoder;  // null: none runs, or none has come
  bool reads_users = false;                   // one of their scorers does (learner/scorer.h)
};

// Immutable snapshots, the same for every list of a micro-batch.
struct World {
  std::shared_ptr<const features::Catalogue> catalogue;
  std::shared_ptr<const features::ItemStatsSnapshot> stats;
  std::shared_ptr<const PolicySet> policies;
};

struct MicroBatch {
  // At most one run of consecutive records of each input, in offset order; applied events first, then users, then
  // requests, so that a list sees what its user did before he asked.
  std::vector<bus::Record> events;
  std::vector<bus::Record> users;
  std::vector<bus::Record> requests;
  std::vector<Milliseconds> waited;           // of each request: since this process has it; none: not at all
  std::vector<std::shared_ptr<void>> memory;  // what the records' views point into

  World world;
  TimePoint wall{};                       // for deadlines only
  Milliseconds tick{0};                   // shard time moves on by so much, after the records; 0: not caught up
  std::uint64_t seed = 0;                 // of this micro-batch's draws
  bool leaves_requests = false;           // others wait behind these
  bool events_lag = false;                // a backlog of events waits: lists say so
  std::function<double()> now_ms;         // a monotonic clock in ms, for took_ms and deadlines inside the batch

  bool empty() const { return events.empty() && users.empty() && requests.empty() && tick.count() == 0; }
};

}  // namespace riffle::pipeline
