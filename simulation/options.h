// The simulated shop and its shoppers, as configured. Every probability is a share in [0, 1].
//
// The defaults make a world that is learnable: a click is explained by the user's taste for the item's category, the
// item's quality and fatigue, and hardly by anything that only the pair of them knows. With them random lists earn 2–3 %
// clicks a slot, popular ones twice that, and the oracle's 15 %; each user asks 200 times.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/time.h"

namespace riffle::simulation {

struct ShopOptions {
  std::uint64_t seed = 1;
  std::size_t items = 800;
  std::size_t categories = 16;               // leaves of a tree of two levels, four to a branch; at most most_categories()
  std::size_t brands = 60;
  double chinese_titles = 0.1;               // share of items whose title is Chinese
  TimePoint now{};                           // items were published before it, half a year ago on average
};

struct ShoppersOptions {
  std::uint64_t seed = 1;
  std::size_t users = 600;
  std::size_t requests = 120000;             // expected over the span, of all users
  std::size_t list_length = 10;              // n of every request
  std::string surface = "home";
  double session_length = 4;                 // requests a session, on average
  Milliseconds think_time{std::chrono::minutes(3)};  // from a list to the session's next request, on average
  TimePoint end{};                           // of simulated time
  Milliseconds span{std::chrono::hours(24 * 14)};    // simulated time begins at end - span
  double cold_users = 0.1;                   // share who arrive within the span; the others are there from its start
  double chinese_users = 0.1;                // share who ask for reasons in Chinese

  std::size_t favourites = 4;                // categories that a user likes
  double sibling_taste = 0.08;               // for the other categories of a favourite's branch; favourites have 1 … 0.8
  double other_taste = 0.03;                 // for all the rest
  double idiosyncrasy = 0.03;                // attraction of a pair varies by ± this share, which nobody can learn in time
  double drift_at = 0.5;                     // fraction of the span at which tastes move; 1: never
  double drift_share = 0.5;                  // of a user's favourite mass, at least, that moves to other categories then

  double click_scale = 0.27;                 // attraction of the best item of the greatest taste to a rested user
  double examination_decay = 0.9;            // the user examines position k with probability decay^k
  double item_fatigue = 0.04;                // an item examined f times without a click: attraction / (1 + this · f)
  double category_fatigue = 0.003;           // the same for all items of its category
  Milliseconds fatigue_half_life{std::chrono::hours(4)};
  double bought_factor = 0.1;                // attraction of what the user has bought

  double views = 0.6;                        // share of clicks followed by a view
  double carts = 0.2;                        // share of clicks followed by add_to_cart
  double purchases = 0.5;                    // share of those followed by a purchase
  Milliseconds purchase_delay{std::chrono::hours(2)};  // on average

  double duplicates = 0.01;                  // share of events sent twice
  double malformed = 0.001;                  // share of events that arrive cut short
};

// The first thing that cannot be, in words.
absl::Status validate(const ShopOptions& options);
absl::Status validate(const ShoppersOptions& options);

}  // namespace riffle::simulation
