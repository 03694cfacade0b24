// Simulated shoppers: they ask for lists, look at them, click, come back another day, and buy later. Event-driven in
// simulated time, without a bus or a thread: the driver publishes what next() and on_list() say, in its own way.
//
//   Shoppers shoppers(shop, options);
//   while (auto step = shoppers.next()) {
//     for (auto& event : step->events) publish("events", event.user_id, event.payload);
//     if (!step->request) continue;
//     auto visit = shoppers.on_list(list_for(*step->request));       // at once, or when the list comes
//     for (auto& event : visit.events) publish("events", event.user_id, event.payload);
//   }
//
// A user asks again only after he has looked at the list before (or left, and came back in a later session). Each user
// draws from a generator of his own: what he does depends on the seed and on his lists, not on how users interleave.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "records/event.h"
#include "records/json_codec.h"
#include "records/request.h"
#include "simulation/options.h"
#include "simulation/shop.h"
#include "simulation/tastes.h"

namespace riffle::simulation {

// One record for the `events` topic: key, event time (also in the payload) and value.
struct EventRecord {
  UserId user_id;
  TimePoint at;
  std::string payload;
};

// The next thing that happens: a request, or events that were due (a purchase, some time after its click).
struct Step {
  TimePoint at;
  std::optional<records::Request> request;
  std::vector<EventRecord> events;
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

class Shoppers {
 public:
  // `shop` must outlive it; `options` must be valid.
  Shoppers(const Shop& shop, const ShoppersOptions& options);

  // Nothing at the end of simulated time; when lists are still under way, ask again after on_list().
  std::optional<Step> next();

  // Ignored where it answers no open request of its user: met before, or he has left meanwhile.
  Visit on_list(const records::Recommendation& list);

  TimePoint now() const { return now_; }
  double fraction() const;                     // of the span that is over
  const Counts& counts() const { return counts_; }
  std::vector<UserId> users() const;

  // The truth. Unknown users and items give 0 and nothing.
  const Tastes& tastes() const { return tastes_; }
  double click_probability(const UserId& user, const ItemId& item, std::size_t position, TimePoint at) const;
  // The n items with the highest click probability now, best first, with that of the first position: a request's
  // candidates with scores, for the policy that knows the truth (scorer `given`, greedy).
  std::vector<std::pair<ItemId, double>> oracle(const UserId& user, std::size_t n) const;

 private:
  struct User {
    UserId id;
    Rng rng;
    Milliseconds session_gap{};       // on average
    bool chinese = false;
    std::uint32_t session = 0;        // of those begun
    std::size_t requests_left = 0;    // in this session
    std::uint64_t requests = 0;
    std::uint64_t events = 0;
    RequestId open{};                 // the list he waits for; empty: none
    TimePoint asked{};
  };
  enum class Kind : std::uint8_t { kSession, kRequest, kPurchase };
  struct Happening {
    TimePoint at;
    std::uint64_t order;              // breaks ties: in the order of planning
    std::uint32_t user;
    Kind kind;
    std::uint32_t session;            // of kRequest: dropped where another session has begun since
    std::uint64_t purchase;           // key into purchases_
  };
  struct Later {
    bool operator()(const Happening& a, const Happening& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };
  struct Purchase {
    std::size_t item;
    std::int32_t position;
    RecommendationId recommendation_id;
    SessionId session_id;
  };

  void plan(TimePoint at, std::size_t user, Kind kind, std::uint64_t purchase = 0);
  records::Request ask(std::size_t user, TimePoint at);
  void buy(const Happening& due, std::vector<EventRecord>& events);
  void click(std::size_t user, std::size_t item, records::Event& event, std::vector<EventRecord>& events);
  void emit(std::size_t user, records::Event& event, std::vector<EventRecord>& events);
  std::optional<std::size_t> find(const UserId& user) const;

  const Shop& shop_;
  const ShoppersOptions options_;
  const TimePoint start_;
  Tastes tastes_;
  std::vector<User> users_;
  absl::flat_hash_map<UserId, std::size_t> index_;
  std::priority_queue<Happening, std::vector<Happening>, Later> plans_;
  absl::flat_hash_map<std::uint64_t, Purchase> purchases_;
  std::uint64_t order_ = 0;
  TimePoint now_;
  Counts counts_;
  mutable std::vector<float> scores_;
  mutable std::vector<std::uint32_t> ranking_;
};

}  // namespace riffle::simulation
