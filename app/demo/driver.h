// Drives simulated users against a running Riffle over its topics, as a shop would: events and requests go out, lists
// come in, and what the users do with them goes out again. Measures what a stranger could measure: clicks, lists, time.
//
// Simulated time is paced: its span passes in the wall time given, or slower where lists do not come fast enough or are
// made before the events sent to their partition were applied (a list's as_of tells). A fortnight passes in a minute, so
// a backlog of a second would be one of hours to the shoppers: a slow machine makes the run longer, not its lists worse.
// One thread: the caller's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "serving/options.h"
#include "simulation/ctr.h"
#include "simulation/population.h"

namespace riffle::app {

struct DriverOptions {
  std::chrono::duration<double> pace{60};   // wall time of the whole simulated span; 0: as fast as lists come
  std::size_t outstanding = 64;             // requests under way at once
  std::size_t oracle_candidates = 50;       // that a request of the oracle's arm brings, with their true click probabilities
  PolicyId oracle;                          // arm whose requests bring them; empty: none
  Milliseconds list_timeout{10'000};        // a list that has not come by then fails the run
  // A user's next request leaves this long after his last events, at the earliest: simulated minutes pass in
  // milliseconds, and no shopper asks again before his click has left the page.
  Milliseconds think_time{20};
  // Events of a partition sent and not yet known to be applied, beyond which time waits for the lists under way there.
  std::int64_t events_behind = 50;
};

// What was measured so far.
struct DriverFigures {
  double seconds = 0;                       // of wall time since the first request
  double fraction = 0;                      // of the simulated span
  std::uint64_t events = 0, requests = 0, lists = 0, repeated_lists = 0;
  std::vector<float> latency_ms;            // request handed to the bus → list read from it, every list
  std::map<PolicyId, double> distance_sum;  // category distance of the lists, by arm
  std::map<PolicyId, std::uint64_t> arm_lists;
  std::map<PolicyId, std::uint64_t> policy_version;
};

class Driver {
 public:
  // Everything outlives it.
  Driver(bus::Bus& bus, const bus::TopicNames& topics, simulation::Population& population,
         const serving::ExperimentOptions& experiments, DriverOptions options);

  // Publishes the items that are there from the beginning and waits until the bus has them.
  absl::Status publish_catalogue();

  // Until the simulated span is over, or `stop` answers true. `progress` is called about ten times a second.
  absl::Status run(const std::function<bool()>& stop, const std::function<void()>& progress);

  const DriverFigures& figures() const { return figures_; }
  const simulation::ClickRates& rates() const { return rates_; }
  const simulation::Counts& counts() const { return population_.counts(); }

 private:
  using Steady = std::chrono::steady_clock;

  absl::Status open();
  absl::Status step(bool& more);
  absl::Status ask_held(Steady::time_point now);
  absl::Status ask(const records::Request& request);
  absl::Status receive(Milliseconds wait);
  void take(const records::Recommendation& list, Steady::time_point now);
  absl::Status send(const std::string& topic, const std::string& key, const std::string& value);
  absl::Status send(const simulation::EventRecord& event);
  absl::StatusOr<std::uint64_t> send(const records::Item& item);

  // What the events and lists of a user-keyed partition say.
  struct Lane {
    std::int64_t end = 0;      // offset after the last event sent
    std::int64_t applied = 0;  // offset of the first event that no list is known to know of
    std::size_t open = 0;      // requests under way
  };
  Lane& lane(const UserId& user);
  bool behind() const;

  bus::Bus& bus_;
  const bus::TopicNames& topics_;
  simulation::Population& population_;
  const serving::ExperimentOptions& experiments_;
  const DriverOptions options_;
  simulation::ClickRates rates_{20};
  DriverFigures figures_;
  std::unique_ptr<bus::Sink> sink_;
  std::unique_ptr<bus::Source> source_;
  absl::flat_hash_map<std::string, Steady::time_point> open_;   // request id → when it left
  std::vector<simulation::EventRecord> to_send_;
  struct Held {
    Steady::time_point until;
    records::Request request;
  };
  std::vector<Lane> lanes_;                                     // by partition
  std::deque<Held> held_;                                       // in the order of `until`
  absl::flat_hash_map<UserId, Steady::time_point> last_list_;
};

}  // namespace riffle::app
