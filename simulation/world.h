// The truth of a simulated shop and its users, and its clock: who asks when, what a list does to him, when he comes back.
// Numbers only: no records, no bus, no thread; simulation/customers.h speaks to a Riffle. A seed decides all of it.
//
//   World world(options, start);
//   while (auto due = world.next())                       // in the order of simulated time
//     if (due->kind == World::Kind::kVisit) world.answer(due->user, list_for(*due));
//
// A user u sees the items A, a position k each, at time t and takes at most one of them (conditional logit with a null item):
//
//   P(i|u,A) = e_k v_i / (1 + Σ_{j∈A} e_j v_j),   v_i = exp U(u,i,t),   e_k = examination_decay^k
//   U = base_utility + taste_u[category] + appeal_i + brand_weight·[his brand] − price_weight·|ln price − his|
//       − age_weight·ln(1 + age/30 d) − satiation·s_u[category] − boredom·(times i was among the last 64 shown, not taken)
//   s_u[c] grows by 1 with each of c's items taken and halves in satiation_half_life
//
// What it does to him: satisfaction S moves satisfaction_rate of the way to the taken item's quality, or idle_rate of the way
// to 0. He stays for another list with log odds ln(session_length − 1) + stay_weight·(S − ½); else he comes back after an
// exponential time of mean return_time·exp(−return_weight·(S − ½)). His tastes drift from session to session (Ornstein–Uhlenbeck), and
// all at once at shift_at: x becomes (1 − s)·x + √(1 − (1 − s)²)·N, s the shift's share, N as x was drawn to begin with.
// Quality is felt after the click and cannot be seen before it; appeal is what is seen, and with `bait` it speaks against quality.
//
// Each user draws from a generator of his own: what he does depends on the seed and on his lists alone. Several users may be
// waiting for their lists at once. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/rng.h"
#include "base/time.h"
#include "records/item.h"
#include "simulation/shop.h"
#include "simulation/world_options.h"

namespace riffle::simulation {

class World {
 public:
  static constexpr std::size_t kMostCategories = 32;
  static constexpr std::size_t kRemembered = 64;            // slots that a user remembers having seen
  static constexpr std::uint32_t kNoItem = ~std::uint32_t{0};

  // What lists change in a user.
  struct Mood {
    float satisfaction = 0.5F;
    std::array<float, kMostCategories> satiation{};
    std::array<std::uint32_t, kRemembered> shown{};         // items not taken, newest anywhere; kNoItem: none
    std::uint32_t next_shown = 0;                           // the place of the next one
    TimePoint at{};                                         // that satiation is of
  };

  enum class Kind : std::uint8_t { kVisit, kPurchase, kArrival };
  struct Due {
    Kind kind = Kind::kVisit;
    TimePoint at{};
    std::uint32_t user = 0;      // not of kArrival
    std::uint32_t item = 0;      // not of kVisit
    std::int32_t position = -1;  // of kPurchase: where he took it, …
    std::uint64_t visit = 0;     // … and at which of his visits, from 1
  };
  struct Reply {
    std::int32_t taken = -1;     // position; −1: nothing
    bool stays = false;          // for another list of this session
    TimePoint next{};            // of his next visit, which may lie beyond the end
  };

  // `options` must be valid.
  World(const WorldOptions& options, TimePoint start);

  // Nothing once the span is over; while lists are under way, ask again after answer(). A user who asked is not due again
  // before he was answered.
  std::optional<Due> next();
  // He looks at the list (at most kRemembered items, all known) at the time he asked, however late it comes.
  Reply answer(std::uint32_t user, std::span<const std::uint32_t> list);

  // ---- the truth
  const WorldOptions& options() const { return options_; }
  const Shop& shop() const { return shop_; }
  const records::Item& item(std::uint32_t item) const { return items_[item]; }  // as published when it appears
  std::size_t items() const { return items_.size(); }
  std::size_t users() const { return users_.size(); }
  bool bot(std::uint32_t user) const { return users_[user].bot; }
  std::uint64_t visits(std::uint32_t user) const { return users_[user].visits; }
  std::uint32_t session(std::uint32_t user) const { return users_[user].session; }  // from 1
  TimePoint asked(std::uint32_t user) const { return users_[user].asked; }
  const Mood& mood(std::uint32_t user) const { return users_[user].mood; }
  float taste(std::uint32_t user, std::size_t category) const { return users_[user].taste[category]; }
  float appeal(std::uint32_t item) const { return goods_[item].appeal; }
  float quality(std::uint32_t item) const { return goods_[item].quality; }
  std::uint32_t category(std::uint32_t item) const { return goods_[item].category; }
  TimePoint now() const { return now_; }
  TimePoint start() const { return start_; }
  TimePoint end() const { return start_ + options_.span; }
  // Those that have appeared by now.
  std::span<const std::uint32_t> available() const { return std::span(by_birth_).first(available_); }

  // ---- of a user in any mood, settled at the time that it is asked about
  void settle(Mood& mood, TimePoint at) const;               // satiation wears off
  float utility(std::uint32_t user, const Mood& mood, std::uint32_t item) const;
  // P of each position; the rest is the null item's. Answers the sum of all weights, the null item's 1 included.
  double choose(std::uint32_t user, const Mood& mood, std::span<const std::uint32_t> list, std::span<double> p) const;
  void take(Mood& mood, std::span<const std::uint32_t> list, std::int32_t taken) const;
  double stay_probability(const Mood& mood) const;
  Milliseconds mean_return(const Mood& mood) const;
  double examination(std::size_t position) const { return examination_[position]; }

  // The one-step oracle: the n items that he would most likely take one of now, best first. Exact: the probability of taking any
  // grows with Σ e_k v_k, which is largest with the largest v in the order of the e.
  void best_list(std::uint32_t user, std::size_t n, std::vector<std::uint32_t>& list) const;

 private:
  struct Good {
    float appeal, quality, log_price;
    float expected_appeal;                                   // by its quality (`bait`)
    std::uint32_t category, brand;
    std::int64_t born_ms;
  };
  struct User {
    Rng rng{0};
    Mood mood{};
    std::array<float, kMostCategories> taste{};
    float log_price = 0;
    std::uint32_t brand = 0, session = 0;
    std::uint64_t visits = 0;
    TimePoint asked{}, session_began{};
    bool bot = false, waiting = false, stays = false;
  };
  struct Plan {
    std::int64_t at_ms;
    std::uint32_t order;                                     // breaks ties: in the order of planning
    std::uint32_t user;
    std::uint32_t purchase;                                  // kNoItem: a visit
    bool operator<(const Plan& other) const {                // the earliest on top of the heap
      return at_ms != other.at_ms ? at_ms > other.at_ms : order > other.order;
    }
  };
  struct Purchase {
    std::uint32_t item;
    std::int32_t position;
    std::uint64_t visit;
  };

  void stock();
  void populate();
  void plan(TimePoint at, std::uint32_t user, std::uint32_t purchase = kNoItem);
  void begin_session(User& user, TimePoint at);
  void shift();
  void perhaps_buy(std::uint32_t user, std::uint32_t item, std::int32_t position);
  std::int32_t draw(std::uint32_t user, std::span<const std::uint32_t> list);
  float utility(const User& user, const Mood& mood, std::uint32_t item) const;

  const WorldOptions options_;
  const TimePoint start_;
  const Shop shop_;
  std::vector<records::Item> items_;
  std::vector<Good> goods_;
  std::vector<std::uint32_t> by_birth_;
  std::size_t available_ = 0;
  std::vector<User> users_;
  std::vector<double> examination_;
  std::vector<Plan> plans_;                                  // a heap
  absl::flat_hash_map<std::uint32_t, Purchase> purchases_;
  std::uint32_t order_ = 0, purchases_planned_ = 0;
  TimePoint shift_at_;                                       // the end once it is over: nothing is planned there
  TimePoint now_;
};

}  // namespace riffle::simulation
