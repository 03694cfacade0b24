#include "config/describe.h"

namespace riffle::config {

void describe_simulation(Fields& f, simulation::WorldOptions& o) {
  f.whole("seed", o.seed, "Of all that is drawn: the shop, its users, and what they do.");
  f.duration("span", o.span, "Simulated time.", Milliseconds(1));
  f.text("surface", o.surface, "Of the requests; a Riffle that is to hear of impressions names it in join.impression_surfaces.");
  f.whole("list_length", o.list_length, "n of every request.", 1, 64);
  f.whole("items", o.items, "Of the shop.", 2);
  f.whole("categories", o.categories, "That they are of, four to a branch.", 2, 24);
  f.whole("brands", o.brands, "Likewise.", 1);
  f.share("cold_items", o.cold_items, "Share that appears within the span.");
  f.real("appeal_spread", o.appeal_spread, "Deviation of what attracts in an item before the click, in log odds.", 0, 10);
  f.real("bait", o.bait, "-1 times the correlation of appeal with quality, which is felt after the click: 1, what attracts "
         "most is worst.", -1, 1);
  f.whole("users", o.users, "Of the shop, bots included.", 1);
  f.share("cold_users", o.cold_users, "Share who arrive within the span.");
  f.real("taste_spread", o.taste_spread, "Deviation of a user's taste for a category, in log odds.", 0, 10);
  f.duration("taste_half_life", o.taste_half_life, "In which a taste forgets half of itself; 0s: it never drifts.");
  f.real("shift_at", o.shift_at, "Of the span: when tastes and appeal drift at once, by the two shares below; 1: never.", 0, 1);
  f.real("taste_shift", o.taste_shift, "Share of every user's taste that is forgotten then.", 0, 1);
  f.real("appeal_shift", o.appeal_shift, "Share of every item's appeal that is: fashion, alike for all users.", 0, 1);
  f.real("base_utility", o.base_utility, "Log odds of an item that nothing speaks for against taking nothing.", -20, 20);
  f.real("brand_weight", o.brand_weight, "Of an item of the user's own brand.", 0, 10);
  f.real("price_weight", o.price_weight, "Lost a unit between the logarithms of the item's price and the user's.", 0, 10);
  f.real("age_weight", o.age_weight, "Lost a unit of ln(1 + age / 30 days).", 0, 10);
  f.real("examination_decay", o.examination_decay, "A position's weight against that of the one above, in (0, 1].", 1e-6, 1);
  f.real("satiation", o.satiation, "Lost for each item of the category taken lately; 0: nobody is satiated.", 0, 10);
  f.duration("satiation_half_life", o.satiation_half_life, "In which it halves.", Milliseconds(1));
  f.real("boredom", o.boredom, "Lost for each time the item was among the last 64 shown and not taken; 0: none.", 0, 10);
  f.share("satisfaction_rate", o.satisfaction_rate, "Of satisfaction's way to the quality of what was taken.");
  f.share("idle_rate", o.idle_rate, "Of its way to 0 with a list that nothing was taken from.");
  f.real("session_length", o.session_length, "Lists, on average, at satisfaction 1/2.", 1, 1e6);
  f.real("stay_weight", o.stay_weight, "Log odds of staying for another list a unit of satisfaction; 0: it does not matter.", 0,
         10);
  f.duration("think_time", o.think_time, "From a list to the session's next, on average.", Milliseconds(1));
  f.duration("return_time", o.return_time, "From a session to the next, on average, at satisfaction 1/2.", Milliseconds(1));
  f.real("return_weight", o.return_weight, "Its logarithm falls by so much a unit of satisfaction; 0: it does not matter.", 0,
         10);
  f.share("purchase_base", o.purchase_base, "Share of clicks that a purchase follows, whatever the item's quality ...");
  f.share("purchase_quality", o.purchase_quality, "... and so much more, times its quality.");
  f.duration("purchase_delay", o.purchase_delay, "From the click, on average.");
  f.share("bots", o.bots, "Share of users who are none: they click without looking.");
  f.share("bot_clicks", o.bot_clicks, "Of their lists, at any position.");
  f.real("bot_session_length", o.bot_session_length, "Lists, on average.", 1, 1e6);
  f.share("duplicates", o.duplicates, "Share of events sent twice.");
}

}  // namespace riffle::config
