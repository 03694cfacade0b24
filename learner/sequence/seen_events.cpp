#include "learner/sequence/seen_events.h"

#include "absl/strings/str_cat.h"

namespace riffle::learner {
namespace {

constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 62;
constexpr std::uint64_t kNumbersAPart = 2048;  // of 8 bytes each

}  // namespace

bool SeenEvents::add(std::uint64_t hash) {
  if (!held_.insert(hash).second) return false;
  if (ring_.size() < most_) {
    ring_.push_back(hash);
  } else {
    held_.erase(ring_[end_ % most_]);
    ring_[end_ % most_] = hash;
  }
  ++end_;
  return true;
}

void SeenEvents::save_parts(const std::function<void(const pb::SeenEventsState&)>& part) const {
  const std::uint64_t begin = end_ - ring_.size();
  pb::SeenEventsState state;
  state.set_begin(begin);
  part(state);
  state.Clear();
  for (std::uint64_t number = begin; number < end_; ++number) {
    if (number % kNumbersAPart == 0 && number != begin) {
      part(state);
      state.Clear();
    }
    state.add_hash(ring_[number % most_]);
  }
  if (!ring_.empty()) part(state);
}

absl::Status SeenEvents::load(const pb::SeenEventsState& state) {
  const auto held = static_cast<std::size_t>(state.hash_size());
  if (held > most_ || state.begin() > kMostNumbers || (state.begin() > 0 && held != most_))
    return absl::InvalidArgumentError(absl::StrCat("events seen begin with number ", state.begin(), " and are ", held, " of ", most_,
                                                   ": they are cut short, or of another `log`"));
  ring_.resize(held);
  for (std::size_t i = 0; i < held; ++i) {
    ring_[(state.begin() + i) % most_] = state.hash(static_cast<int>(i));
    if (!held_.insert(state.hash(static_cast<int>(i))).second)
      return absl::InvalidArgumentError("an event is seen twice");
  }
  end_ = state.begin() + held;
  return absl::OkStatus();
}

}  // namespace riffle::learner
