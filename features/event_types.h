// What an event is worth, by its type: the lookup of RowOptions::types, made once.
//
// The weight goes to popularity, affinity and neighbours, the reward to the slot of the list that
// led to the event. A `rating` scales both by (value − 2.5) / 2.5, cut to [−1, 1], on the usual
// scale of up to five stars: five count whole, one star counts against the item. Every other type
// counts the same whatever its value (a purchase of ten is one purchase).
#pragma once

#include <array>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "base/time.h"
#include "features/options.h"
#include "records/event.h"

namespace riffle::features {

class EventTypes {
 public:
  // Empty: default_types(). A type that is not named is worth nothing; of two with one name the
  // last holds.
  explicit EventTypes(const std::vector<TypeOptions>& types);

  double weight(const records::Event& event) const {
    return options_of(event).weight * scale_of(event);
  }
  double reward(const records::Event& event) const {
    return options_of(event).reward * scale_of(event);
  }
  Milliseconds reward_window(const records::Event& event) const {
    return options_of(event).reward_window;
  }
  // Of the types that have a reward; zero where none has.
  Milliseconds longest_window() const { return longest_window_; }

 private:
  const TypeOptions& options_of(const records::Event& event) const;
  static double scale_of(const records::Event& event);

  std::array<TypeOptions, records::kInteractionTypes> known_;
  absl::flat_hash_map<std::string, TypeOptions> custom_;
  Milliseconds longest_window_{0};
};

}  // namespace riffle::features
