#include "simulation/options.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "simulation/titles.h"

namespace riffle::simulation {
namespace {

absl::Status wrong(const std::string& name, const std::string& rule) {
  return absl::InvalidArgumentError(absl::StrCat("simulation: ", name, " must be ", rule));
}

}  // namespace

absl::Status validate(const ShopOptions& options) {
  if (options.categories < 2 || options.categories > most_categories())
    return wrong("categories", absl::StrCat("2 to ", most_categories()));
  if (options.items < options.categories) return wrong("items", "at least the number of categories");
  if (options.brands == 0) return wrong("brands", "at least 1");
  if (!(options.chinese_titles >= 0 && options.chinese_titles <= 1)) return wrong("chinese_titles", "in [0, 1]");
  return absl::OkStatus();
}

absl::Status validate(const ShoppersOptions& options) {
  if (options.users == 0) return wrong("users", "at least 1");
  if (options.list_length == 0) return wrong("list_length", "at least 1");
  if (options.favourites == 0) return wrong("favourites", "at least 1");
  if (!(options.session_length >= 1)) return wrong("session_length", "at least 1");
  if (options.span <= Milliseconds(0)) return wrong("span", "longer than 0");
  if (options.think_time <= Milliseconds(0)) return wrong("think_time", "longer than 0");
  if (options.purchase_delay < Milliseconds(0)) return wrong("purchase_delay", "0 or longer");
  // Fatigue is kept in units that double every half-life, in a float.
  if (options.fatigue_half_life * 100 < options.span) return wrong("fatigue_half_life", "at least a hundredth of span");
  for (const auto& [name, value] : {std::pair<const char*, double>{"item_fatigue", options.item_fatigue},
                                    {"category_fatigue", options.category_fatigue}})
    if (!(value >= 0) || !std::isfinite(value)) return wrong(name, "0 or more");
  for (const auto& [name, value] :
       {std::pair<const char*, double>{"cold_users", options.cold_users},
        {"chinese_users", options.chinese_users},
        {"sibling_taste", options.sibling_taste},
        {"other_taste", options.other_taste},
        {"idiosyncrasy", options.idiosyncrasy},
        {"drift_at", options.drift_at},
        {"drift_share", options.drift_share},
        {"click_scale", options.click_scale},
        {"examination_decay", options.examination_decay},
        {"bought_factor", options.bought_factor},
        {"views", options.views},
        {"carts", options.carts},
        {"purchases", options.purchases},
        {"duplicates", options.duplicates},
        {"malformed", options.malformed}})
    if (!(value >= 0 && value <= 1)) return wrong(name, "in [0, 1]");
  return absl::OkStatus();
}

}  // namespace riffle::simulation
