// The stated workload of the benchmarks, made from a seed: who clicks what, in bytes as a shop would send them.
//
//   users Zipf 0.8, items Zipf 1.0, categories in 20 departments; view 70 %, click 22 %, add_to_cart 6 %, purchase 2 %;
//   1 % of the events repeat one of the 2000 before (same bytes), 0.1 % are cut short; an event's JSON has 200 bytes.
//
// Event time moves on by 20 ms an event on average. The same options and calls give the same records, but for the dates,
// which start where the caller says. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/bench/zipf.h"
#include "base/rng.h"
#include "base/time.h"

namespace riffle::app::bench {

struct WorkloadOptions {
  std::size_t users = 100'000;
  double user_exponent = 0.8;
  std::size_t items = 20'000;
  double item_exponent = 1.0;
  std::size_t categories = 200;
  double duplicates = 0.01;
  double malformed = 0.001;
  std::size_t event_bytes = 200;   // shorter ones are filled up
  std::uint64_t seed = 1;
};

constexpr Milliseconds kBetweenEvents{20};  // of event time, on average

struct KeyedRecord {
  std::string key;
  std::string value;
};

struct WorkloadCounts {
  std::uint64_t events = 0, duplicates = 0, malformed = 0;
  std::uint64_t items = 0;         // distinct ones of the well-formed events
};

class Workload {
 public:
  Workload(const WorkloadOptions& options, TimePoint first_event);

  const KeyedRecord& next_event();   // valid until the next call
  const WorkloadCounts& counts() const { return counts_; }

  // With titles, categories, brands and prices; index < options.items.
  KeyedRecord item(std::size_t index) const;
  // For a list of ten, of a user drawn as the events' are.
  KeyedRecord request(const std::string& request_id);
  KeyedRecord request(const std::string& request_id, Milliseconds deadline);
  // A well-formed click of a drawn user on a drawn item, never seen before.
  KeyedRecord click(TimePoint time);
  static KeyedRecord request_of(const std::string& user_id, const std::string& request_id);

  const WorkloadOptions& options() const { return options_; }

 private:
  std::string interaction(const char* type, std::size_t user, std::size_t item, std::int64_t time_ms, double value);

  const WorkloadOptions options_;
  const Zipf users_, items_;
  Rng rng_;
  std::int64_t time_ms_;
  std::uint32_t next_event_id_ = 0;
  WorkloadCounts counts_;
  std::vector<bool> item_seen_;
  std::vector<KeyedRecord> recent_;  // well-formed ones, to be repeated
  std::size_t oldest_recent_ = 0;
  KeyedRecord event_;
};

}  // namespace riffle::app::bench
