// The sums of an evaluation by time, in memory that does not grow with the log: slices begin as minutes and are put together, to
// ten minutes, hours, … years, whenever there are more than 64 of them. So a log of an hour is seen by minutes, one of a year
// by weeks.
//
// Intervals are clustered by user like those of the whole (group_sums.h), over 256 groups.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/time.h"
#include "evaluation/estimators.h"

namespace riffle::evaluation {

class TimeSlices {
 public:
  static constexpr std::size_t kMost = 64, kGroups = 256;

  void add(TimePoint time, std::uint64_t cluster, const Stats& round);

  Milliseconds width() const;
  // By when they begin; the groups of users that have rounds. Of a log without times: none.
  std::map<std::int64_t, std::vector<Stats>> slices() const;

 private:
  void widen();

  std::size_t step_ = 0;  // in the ladder of widths
  std::map<std::int64_t, std::vector<Stats>> slices_;  // by number: time / width
};

}  // namespace riffle::evaluation
