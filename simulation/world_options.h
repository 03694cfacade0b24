// The world that `riffle simulate` runs policies in: what is in the shop, who comes, how they choose, what tires them, and
// when they come back. config/ fills it (`simulation:`); config/default.yaml documents each key. Each part says whose model
// it is. simulation/world.h has the formulas.
//
// With the defaults a list of ten earns a click one time in four when drawn at random, and nearly two times in three when made by
// who knows the users, who then come back less often: what attracts them most tires them and disappoints.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/time.h"

namespace riffle::simulation {

struct WorldOptions {
  std::uint64_t seed = 1;                              // of all that is drawn: shop, users, and what they do
  Milliseconds span{std::chrono::hours(24 * 30)};      // simulated time
  std::string surface = "home";
  std::size_t list_length = 10;                        // n of every request

  // ---- the shop
  std::size_t items = 800;
  std::size_t categories = 16;                         // leaves, four to a branch
  std::size_t brands = 60;
  double cold_items = 0.2;                             // share that appears within the span
  double appeal_spread = 0.7;                          // deviation of what attracts before the click
  double bait = 0.3;                                   // −correlation of appeal and quality (RecSim's clickbait, Ie et al. 2019b)

  // ---- the users
  std::size_t users = 1000;
  double cold_users = 0.2;                             // share who arrive within the span
  double taste_spread = 1.2;                           // deviation of a user's taste for a category
  Milliseconds taste_half_life{std::chrono::hours(24 * 30)};  // in which a taste forgets half of itself; 0: never drifts
  // A sudden drift of all at once, at one moment of the span, the same whatever was shown before it: a step of the same kind as
  // the slow drift's, so that what is new is as wide spread as what was there.
  double shift_at = 1;                                 // fraction of the span; 1: never
  double taste_shift = 0;                              // share of every user's taste that is forgotten then
  double appeal_shift = 0;                             // share of every item's appeal: fashion, alike for all users

  // ---- choice: conditional logit with a null item (McFadden 1974), examination by position (Craswell et al. 2008)
  double base_utility = -3;                            // of an item that nothing speaks for; the null item has 0
  double brand_weight = 0.5;                           // of the user's own brand
  double price_weight = 0.3;                           // lost a unit of |ln price − the user's|
  double age_weight = 0.2;                             // lost a unit of ln(1 + age / 30 days)
  double examination_decay = 0.85;                     // a position's weight against the one above

  // ---- satiation (Leqi et al. 2021) and boredom (Kapoor et al. 2015)
  double satiation = 0.6;                              // lost for each of the category's items taken lately
  Milliseconds satiation_half_life{std::chrono::hours(12)};
  double boredom = 0.2;                                // lost for each time the item was among the last 64 shown, not taken

  // ---- satisfaction (RecSim's long-term satisfaction), leaving, and coming back (Wu et al. 2017)
  double satisfaction_rate = 0.2;                      // of the way to the taken item's quality
  double idle_rate = 0.03;                             // of the way to 0 with a list that nothing is taken from
  double session_length = 5;                           // lists, on average, at satisfaction 1/2
  double stay_weight = 3;                              // log odds of staying a unit of satisfaction; 0: it does not matter
  Milliseconds think_time{std::chrono::minutes(2)};    // from a list to the next, on average
  Milliseconds return_time{std::chrono::hours(36)};    // from a session to the next, on average, at satisfaction 1/2
  double return_weight = 2;                            // its logarithm falls by so much a unit of satisfaction; 0: it does not matter

  // ---- purchases
  double purchase_base = 0.01;                         // share of clicks that a purchase follows, whatever the quality
  double purchase_quality = 0.2;                       // and times quality
  Milliseconds purchase_delay{std::chrono::hours(6)};  // on average

  // ---- bots
  double bots = 0.01;                                  // share of users who are none
  double bot_clicks = 0.5;                             // of their lists, at any position
  double bot_session_length = 50;
  double duplicates = 0.01;                            // share of events sent twice
};

// The first thing that cannot be, in words.
absl::Status validate(const WorldOptions& options);

}  // namespace riffle::simulation
