#include "simulation/world_options.h"

#include <cmath>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "simulation/titles.h"

namespace riffle::simulation {
namespace {

constexpr std::size_t kLongestList = 64;  // one look at it is remembered whole (simulation/world.h)

using Named = std::initializer_list<std::pair<const char*, double>>;

absl::Status wrong(const char* name, const std::string& rule) {
  return absl::InvalidArgumentError(absl::StrCat("simulation: ", name, " must be ", rule));
}

}  // namespace

absl::Status validate(const WorldOptions& o) {
  if (o.categories < 2 || o.categories > most_categories())
    return wrong("categories", absl::StrCat("2 to ", most_categories()));
  if (o.items < o.categories) return wrong("items", "at least the number of categories");
  if (o.brands == 0) return wrong("brands", "at least 1");
  if (o.users == 0) return wrong("users", "at least 1");
  if (o.list_length == 0 || o.list_length > kLongestList) return wrong("list_length", absl::StrCat("1 to ", kLongestList));
  for (const auto& [name, time] : {std::pair<const char*, Milliseconds>{"span", o.span},
                                   {"satiation_half_life", o.satiation_half_life},
                                   {"think_time", o.think_time},
                                   {"return_time", o.return_time}})
    if (time <= Milliseconds(0)) return wrong(name, "longer than 0");
  if (o.taste_half_life < Milliseconds(0)) return wrong("taste_half_life", "0 or longer");
  if (o.purchase_delay < Milliseconds(0)) return wrong("purchase_delay", "0 or longer");
  for (const auto& [name, value] : Named{{"session_length", o.session_length}, {"bot_session_length", o.bot_session_length}})
    if (!(value >= 1) || !std::isfinite(value)) return wrong(name, "at least 1");
  for (const auto& [name, value] : Named{{"cold_items", o.cold_items},
                                         {"cold_users", o.cold_users},
                                         {"satisfaction_rate", o.satisfaction_rate},
                                         {"idle_rate", o.idle_rate},
                                         {"shift_at", o.shift_at},
                                         {"taste_shift", o.taste_shift},
                                         {"appeal_shift", o.appeal_shift},
                                         {"purchase_base", o.purchase_base},
                                         {"purchase_quality", o.purchase_quality},
                                         {"bots", o.bots},
                                         {"bot_clicks", o.bot_clicks},
                                         {"duplicates", o.duplicates}})
    if (!(value >= 0 && value <= 1)) return wrong(name, "in [0, 1]");
  if (!(o.examination_decay > 0 && o.examination_decay <= 1)) return wrong("examination_decay", "in (0, 1]");
  if (!(o.bait >= -1 && o.bait <= 1)) return wrong("bait", "in [-1, 1]");
  if (!(std::abs(o.base_utility) <= 20)) return wrong("base_utility", "in [-20, 20]");
  for (const auto& [name, value] : Named{{"appeal_spread", o.appeal_spread},
                                         {"taste_spread", o.taste_spread},
                                         {"brand_weight", o.brand_weight},
                                         {"price_weight", o.price_weight},
                                         {"age_weight", o.age_weight},
                                         {"satiation", o.satiation},
                                         {"boredom", o.boredom},
                                         {"stay_weight", o.stay_weight},
                                         {"return_weight", o.return_weight}})
    if (!(value >= 0 && value <= 10)) return wrong(name, "in [0, 10]");
  return absl::OkStatus();
}

}  // namespace riffle::simulation
