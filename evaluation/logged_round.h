// One decision of a log, as off-policy evaluation sees it: what was put into each slot, with which
// probability, and what it earned. Every format of logs is read into this; every estimator reads
// nothing else.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "records/riffle.pb.h"

namespace riffle::evaluation {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

struct LoggedSlot {
  std::uint32_t action = 0;    // dense: 0, 1, 2 … in the order in which the log names them
  std::uint32_t position = 0;  // from 0
  double propensity = kMissing;  // π_b(action | context, the slots above), as logged: not checked yet
  double reward = 0;
  double target_probability = kMissing;  // π_e of the same, where the log itself brings it
  // Of the action in this position whatever is above (not given the slots above): π_b and π_e, where the log brings them.
  double marginal = kMissing, target_marginal = kMissing;
};

struct Choice {
  std::uint32_t action = 0;
  double probability = 0;
};

struct LoggedRound {
  std::uint64_t cluster = 0;  // hash of the user; rounds without one are clusters of their own
  std::uint32_t stratum = 0;  // of the context, where the log names one
  std::uint64_t identity = 0;  // hash of what names the round: equal ones are repeats; 0: nothing does
  std::string timestamp;       // as the log has it; empty: none. For checks, not for estimates
  std::vector<LoggedSlot> slots;  // from the first on, without holes; one, or a slate
  // How many actions a slot could have held; 0: unknown. They are 0 … actions − 1, unless the log
  // lists them in `available`.
  std::uint32_t actions = 0;
  std::vector<std::uint32_t> available;
  std::vector<Choice> target;  // π_e over all actions of a round with one slot, where the log brings it
  const pb::Outcome* outcome = nullptr;  // of Riffle's own log; lives until the next round

  void clear() {
    slots.clear();
    available.clear();
    target.clear();
    outcome = nullptr;
    cluster = 0;
    stratum = 0;
    identity = 0;
    timestamp.clear();
    actions = 0;
  }
};

}  // namespace riffle::evaluation
