#include "evaluation/time_slices.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "evaluation/group_sums.h"

namespace riffle::evaluation {
namespace {

constexpr std::int64_t kMinute = 60'000;
// Each a multiple of the one before it, so that slices can be put together. The last is far above what 64 of can be exceeded
// by times that a log may have (records/time_text.h kFarthestMs: some 550,000 years).
constexpr std::array<std::int64_t, 11> kWidths = {kMinute,
                                                  10 * kMinute,
                                                  60 * kMinute,
                                                  6 * 60 * kMinute,
                                                  24 * 60 * kMinute,
                                                  7 * 24 * 60 * kMinute,
                                                  28 * 24 * 60 * kMinute,
                                                  364LL * 24 * 60 * kMinute,
                                                  10 * 364LL * 24 * 60 * kMinute,
                                                  1000 * 364LL * 24 * 60 * kMinute,
                                                  100'000 * 364LL * 24 * 60 * kMinute};

std::int64_t floor_of(std::int64_t value, std::int64_t unit) {
  return value / unit - (value % unit < 0 ? 1 : 0);
}

void add_to(Stats& to, const Stats& from) {
  for (std::size_t i = 0; i < kStats; ++i) to[i] += from[i];
}

}  // namespace

void TimeSlices::add(TimePoint time, std::uint64_t cluster, const Stats& round) {
  const std::int64_t number = floor_of(to_ms(time), kWidths[step_]);
  auto slice = slices_.find(number);
  if (slice == slices_.end()) {
    slice = slices_.emplace(number, std::vector<Stats>(kGroups, Stats{})).first;
    if (slices_.size() > kMost) {
      widen();
      slice = slices_.find(floor_of(to_ms(time), kWidths[step_]));
    }
  }
  add_to(slice->second[GroupSums::group_of(cluster) * kGroups / GroupSums::kGroups], round);
}

void TimeSlices::widen() {
  while (slices_.size() > kMost && step_ + 1 < kWidths.size()) {
    const std::int64_t factor = kWidths[step_ + 1] / kWidths[step_];
    ++step_;
    std::map<std::int64_t, std::vector<Stats>> wider;
    for (auto& [number, groups] : slices_) {
      const auto [at, first] = wider.try_emplace(floor_of(number, factor));
      if (first) {
        at->second = std::move(groups);
      } else {
        for (std::size_t g = 0; g < kGroups; ++g) add_to(at->second[g], groups[g]);
      }
    }
    slices_ = std::move(wider);
  }
}

Milliseconds TimeSlices::width() const { return Milliseconds(kWidths[step_]); }

std::map<std::int64_t, std::vector<Stats>> TimeSlices::slices() const {
  std::map<std::int64_t, std::vector<Stats>> slices;
  for (const auto& [number, groups] : slices_) {
    std::vector<Stats>& filled = slices[number * kWidths[step_]];
    std::copy_if(groups.begin(), groups.end(), std::back_inserter(filled),
                 [](const Stats& group) { return group[kRounds] > 0; });
  }
  return slices;
}

}  // namespace riffle::evaluation
