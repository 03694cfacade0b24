// The demonstration's shoppers: they ask for lists, look at them, click, come back another day, and buy later; what they do with
// a slot does not depend on the others of its list (simulation/tastes.h). simulation/population.h says how they are driven.
//
// Each user draws from a generator of his own: what he does depends on the seed and on his lists, not on how users interleave.
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
#include "simulation/options.h"
#include "simulation/population.h"
#include "simulation/shop.h"
#include "simulation/tastes.h"

namespace riffle::simulation {

class Shoppers final : public Population {
 public:
  // `shop` must outlive it; `options` must be valid.
  Shoppers(const Shop& shop, const ShoppersOptions& options);

  const Shop& shop() const override { return shop_; }
  std::vector<records::Item> opening() const override { return shop_.items(); }
  std::optional<Step> next() override;
  Visit on_list(const records::Recommendation& list) override;
  double fraction() const override;
  const Counts& counts() const override { return counts_; }
  TimePoint now() const { return now_; }
  std::vector<UserId> users() const;

  // The truth. Unknown users and items give 0 and nothing.
  const Tastes& tastes() const { return tastes_; }
  double click_probability(const UserId& user, const ItemId& item, std::size_t position, TimePoint at) const;
  std::vector<std::pair<ItemId, double>> oracle(const UserId& user, std::size_t n) const override;

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
