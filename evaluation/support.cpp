#include "evaluation/support.h"

#include <algorithm>

namespace riffle::evaluation {

SupportTally::Position& SupportTally::at(std::uint32_t position) {
  if (positions_.size() <= position) positions_.resize(position + 1);
  return positions_[position];
}

void SupportTally::shown(const LoggedSlot& slot) {
  Position& position = at(slot.position);
  if (position.seen.size() <= slot.action) position.seen.resize(slot.action + 1, 0);
  position.seen[slot.action] = 1;
  position.rounds += 1;
}

void SupportTally::ask(std::uint32_t position, std::uint32_t action, double probability) {
  Position& place = at(position);
  if (place.asked.size() <= action) place.asked.resize(action + 1, 0);
  place.asked[action] += probability;
}

void SupportTally::ask_evenly(std::uint32_t position, std::uint32_t actions) {
  at(position).evenly[actions] += 1;
}

void SupportTally::ask_always(std::uint32_t position, std::span<const double> distribution) {
  const double rounds = at(position).rounds;
  for (std::uint32_t action = 0; action < distribution.size(); ++action)
    if (distribution[action] > 0) ask(position, action, distribution[action] * rounds);
}

std::optional<double> SupportTally::off_support() const {
  double asked = 0, unseen = 0;
  for (const Position& position : positions_) {
    for (std::size_t action = 0; action < position.asked.size(); ++action) {
      asked += position.asked[action];
      if (action >= position.seen.size() || position.seen[action] == 0)
        unseen += position.asked[action];
    }
    for (const auto& [actions, rounds] : position.evenly) {
      const auto known = std::min<std::size_t>(actions, position.seen.size());
      const auto seen = std::count(position.seen.begin(),
                                   position.seen.begin() + static_cast<std::ptrdiff_t>(known), 1);
      asked += rounds;
      unseen += rounds * (1 - static_cast<double>(seen) / static_cast<double>(actions));
    }
  }
  if (asked == 0) return std::nullopt;
  return unseen / asked;
}

}  // namespace riffle::evaluation
