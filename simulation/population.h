// Users who ask for lists, look at them, and act: what a driver needs to know of a simulation, whichever it is. Event-driven in
// simulated time, without a bus or a thread: the driver publishes what next() and on_list() say, in its own way.
//
//   while (auto step = population.next()) {
//     for (auto& item : step->items) publish("items", item.item_id, encode_json(item));
//     for (auto& event : step->events) publish("events", event.user_id, event.payload);
//     if (!step->request) continue;
//     auto visit = population.on_list(list_for(*step->request));     // at once, or when the list comes
//     for (auto& event : visit.events) publish("events", event.user_id, event.payload);
//   }
//
// A user asks again only after he has looked at the list before (or left, and came back in a later session). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "records/item.h"
#include "records/json_codec.h"
#include "records/request.h"
#include "simulation/shop.h"

namespace riffle::simulation {

// One record for the `events` topic: key, event time (also in the payload) and value.
struct EventRecord {
  UserId user_id;
  TimePoint at;
  std::string payload;
};

// The next thing that happens: a request, events that were due (a purchase, some time after its click), new items.
struct Step {
  TimePoint at;
  std::optional<records::Request> request;
  std::vector<EventRecord> events;
  std::vector<records::Item> items;
};

// What a user did with a list, at the simulated time of its request.
struct Visit {
  std::vector<EventRecord> events;
  std::size_t slots = 0;     // exposed; 0 where the list was ignored
  std::size_t clicks = 0;
  double fraction = 0;       // of the simulated span, in [0, 1]
};

// So far. events counts what was handed out, second copies of duplicates and malformed ones included.
struct Counts {
  std::uint64_t requests = 0, lists = 0, ignored_lists = 0, slots = 0, clicks = 0, purchases = 0;
  std::uint64_t events = 0, duplicates = 0, malformed = 0;
};

class Population {
 public:
  virtual ~Population() = default;

  virtual const Shop& shop() const = 0;
  // The items that are there from the beginning.
  virtual std::vector<records::Item> opening() const = 0;
  // Nothing at the end of simulated time; when lists are still under way, ask again after on_list().
  virtual std::optional<Step> next() = 0;
  // Ignored where it answers no open request of its user: met before, or he has left meanwhile.
  virtual Visit on_list(const records::Recommendation& list) = 0;
  virtual double fraction() const = 0;                     // of the span that is over
  virtual const Counts& counts() const = 0;
  // The n items with the highest click probability now, best first, with that of the first position: a request's candidates
  // with scores, for the policy that knows the truth (scorer `given`, greedy). Of an unknown user: nothing.
  virtual std::vector<std::pair<ItemId, double>> oracle(const UserId& user, std::size_t n) const = 0;
};

}  // namespace riffle::simulation
