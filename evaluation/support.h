// What share of its mass the target puts where the log has nothing: on pairs of action and position
// that were never shown. No estimate from the log says anything of that share.
//
// Of rounds with one slot over a fixed set of actions it is counted here, exactly. Of slates and of
// Riffle's own lists, whose candidates differ from list to list, it is 1 − E[w] where that is
// positive, for E_b[w] = Σ over what the log can show of π_e.
//
// Memory: positions × actions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/logged_round.h"

namespace riffle::evaluation {

class SupportTally {
 public:
  // Of a round with one slot: it showed this.
  void shown(const LoggedSlot& slot);

  // The target asks for it with this probability, in a round at hand …
  void ask(std::uint32_t position, std::uint32_t action, double probability);
  // … for each of 0 … actions − 1 alike …
  void ask_evenly(std::uint32_t position, std::uint32_t actions);
  // … or by one distribution in every round of the position.
  void ask_always(std::uint32_t position, std::span<const double> distribution);

  // Nothing where nothing was asked.
  std::optional<double> off_support() const;

 private:
  struct Position {
    std::vector<char> seen;     // by action
    std::vector<double> asked;  // likewise, summed over rounds
    std::map<std::uint32_t, double> evenly;  // rounds, by number of actions
    double rounds = 0;
  };
  Position& at(std::uint32_t position);

  std::vector<Position> positions_;
};

}  // namespace riffle::evaluation
