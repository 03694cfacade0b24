// Sums that halve every half-life: the value as it was at a time. Adding in another order gives the
// same sum but for rounding, nothing overflows however far apart the times lie, and two sums at
// different times are compared without a clock.
//
// A sum at time s is worth v · 2^((s − t)/h) at time t ≥ s (FORMULAS 1.4, lazy decay). A half-life
// of 0 never forgets.
//
//   DecayedCounter clicks;                                  // h = 1 day
//   add(clicks, 1, from_ms(0), h);                          // {1, 0}
//   add(clicks, 1, from_ms(86'400'000), h);                 // {1.5, one day}
//   read(clicks, from_ms(172'800'000), h);                  // 0.75
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/time.h"
#include "records/rows.h"

namespace riffle::features {

// What is left of 1 after `elapsed_ms`; 1 for no time or a negative one.
inline double decay_factor(std::int64_t elapsed_ms, Milliseconds half_life) {
  if (elapsed_ms <= 0 || half_life.count() <= 0) return 1;
  return std::exp2(-static_cast<double>(elapsed_ms) / static_cast<double>(half_life.count()));
}

// `amount` may be negative, and `time` before the counter's.
inline void add(records::DecayedCounter& counter, double amount, TimePoint time,
                Milliseconds half_life) {
  const std::int64_t t = to_ms(time);
  if (counter.value == 0) {
    counter = {amount, t};
  } else if (t >= counter.time_ms) {
    counter.value = counter.value * decay_factor(t - counter.time_ms, half_life) + amount;
    counter.time_ms = t;
  } else {
    counter.value += amount * decay_factor(counter.time_ms - t, half_life);
  }
}

// The value at `now`; a reader whose time is behind the counter's sees it as it stands.
inline double read(const records::DecayedCounter& counter, TimePoint now, Milliseconds half_life) {
  return counter.value * decay_factor(to_ms(now) - counter.time_ms, half_life);
}

inline void merge(records::DecayedCounter& counter, const records::DecayedCounter& other,
                  Milliseconds half_life) {
  if (other.value != 0) add(counter, other.value, from_ms(other.time_ms), half_life);
}

// log2 of the value, as if all had been counted up to the year 1970's scale: at any time the
// counter with the higher level has the higher value. −∞ for a sum that is not above 0.
inline double level(const records::DecayedCounter& counter, Milliseconds half_life) {
  if (!(counter.value > 0)) return -std::numeric_limits<double>::infinity();
  const double halvings = half_life.count() <= 0 ? 0
                                                 : static_cast<double>(counter.time_ms) /
                                                       static_cast<double>(half_life.count());
  return std::log2(counter.value) + halvings;
}

}  // namespace riffle::features
