#include "features/event_types.h"

#include <algorithm>
#include <cmath>

namespace riffle::features {

using records::InteractionType;

// Relative weights as shops weigh them: what costs the user more says more. Rewards are what a list
// is judged by: a click soon after it, a purchase within a week.
std::vector<TypeOptions> default_types() {
  constexpr Milliseconds half_hour = std::chrono::minutes(30);
  constexpr Milliseconds week = std::chrono::hours(24 * 7);
  return {
      {"view", 0.2, 0, half_hour},      {"click", 1, 1, half_hour},
      {"add_to_cart", 2, 0, half_hour}, {"remove_from_cart", -1, 0, half_hour},
      {"purchase", 5, 1, week},         {"rating", 2, 0, half_hour},
      {"like", 2, 1, half_hour},        {"dislike", -2, -1, half_hour},
      {"dwell", 0.2, 0, half_hour},     {"search", 0, 0, half_hour},
  };
}

EventTypes::EventTypes(const std::vector<TypeOptions>& types) {
  for (const TypeOptions& type : types.empty() ? default_types() : types) {
    const InteractionType known = records::interaction_type(type.name);
    if (known == InteractionType::kOther) {
      custom_[type.name] = type;
    } else {
      known_[static_cast<std::size_t>(known)] = type;
    }
    if (type.reward != 0) longest_window_ = std::max(longest_window_, type.reward_window);
  }
}

const TypeOptions& EventTypes::options_of(const records::Event& event) const {
  if (event.type == InteractionType::kOther) {
    const auto it = custom_.find(event.type_name);
    if (it != custom_.end()) return it->second;
  }
  return known_[static_cast<std::size_t>(event.type)];
}

double EventTypes::scale_of(const records::Event& event) {
  if (event.type != InteractionType::kRating) return 1;
  return std::isfinite(event.value) ? std::clamp((event.value - 2.5) / 2.5, -1.0, 1.0) : 0;
}

}  // namespace riffle::features
