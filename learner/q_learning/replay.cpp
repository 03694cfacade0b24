#include "learner/q_learning/replay.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "base/check.h"

namespace riffle::learner {

using Place = DecisionBuffer::Place;

Replay::Replay(const ReplayedOptions& options)
    : options_(options),
      buffer_(options.replay_decisions, options.reward_limit),
      weights_(options.replay_decisions),
      priorities_(options.replay_decisions, 0.0F) {}

bool Replay::is_ready(Place place) const {
  const HeldDecision& decision = buffer_.at(place);
  if (!decision.filled || decision.slots() == 0) return false;
  if (options_.discount == 0 || decision.closed || buffer_.next_of(place)) return true;
  const std::uint64_t newest = buffer_.inserted() - 1;
  const std::size_t capacity = buffer_.capacity();
  const std::uint64_t age = (newest % capacity + capacity - place) % capacity;  // decisions that came after it
  return age >= capacity - capacity / 8;
}

void Replay::refresh(Place place) {
  const double before = weights_.weight(place);
  const double after = is_ready(place) ? std::pow(static_cast<double>(priorities_[place]), options_.priority_exponent) : 0;
  if (before == after) return;
  ready_ += after > 0;
  ready_ -= before > 0;
  weights_.set(place, after);
}

void Replay::refresh_around(Place place) {
  refresh(place);
  if (const auto previous = buffer_.previous_of(place)) refresh(*previous);
}

DecisionBuffer::Result Replay::take(const pb::Outcome& outcome, const OutcomePlace& place) {
  const auto waits = buffer_.previous_of(buffer_.place_of(buffer_.inserted()));  // for the decision that may have to go
  const DecisionBuffer::Result result = buffer_.take(outcome, place);
  if (result.taken == DecisionBuffer::Taken::kNew) {
    if (waits) refresh(*waits);
    priorities_[result.place] = largest_priority_;
    refresh_around(result.place);
    // One more has come to be among the oldest eighth.
    const std::uint64_t last = buffer_.inserted() - 1, young = buffer_.capacity() - buffer_.capacity() / 8;
    if (last >= young && last - young >= buffer_.oldest()) refresh(buffer_.place_of(last - young));
  } else if (result.taken == DecisionBuffer::Taken::kRevised) {
    refresh_around(result.place);
  }
  return result;
}

bool Replay::refill(const pb::Outcome& outcome, const OutcomePlace& place) {
  const auto filled = buffer_.refill(outcome, place);
  if (filled) refresh_around(*filled);
  return filled.has_value();
}

void Replay::draw(std::size_t slots, std::uint64_t step, Rng& rng, std::vector<Drawn>& drawn) const {
  RIFFLE_CHECK(ready_ > 0, "nothing to draw");
  drawn.clear();
  const double share = std::min(1.0, static_cast<double>(step) / static_cast<double>(options_.importance_steps));
  const double beta = options_.importance_exponent + (1 - options_.importance_exponent) * share;
  double largest = 0;
  for (std::size_t have = 0; have < slots;) {
    const Place place = weights_.at(rng.uniform() * weights_.total());
    const double probability = weights_.weight(place) / weights_.total();
    const double weight = std::pow(static_cast<double>(ready_) * probability, -beta);
    largest = std::max(largest, weight);
    drawn.push_back({place, weight});
    have += buffer_.at(place).slots();
  }
  for (Drawn& one : drawn) one.weight /= largest;
}

void Replay::set_priority(Place place, double mean_error) {
  priorities_[place] = static_cast<float>(mean_error + kSmallestPriority);
  largest_priority_ = std::max(largest_priority_, priorities_[place]);
  refresh(place);
}

void Replay::save(pb::DqnState& state) const {
  state.set_inserted(buffer_.inserted());
  for (std::uint64_t number = buffer_.oldest(); number < buffer_.inserted(); ++number) {
    const Place place = buffer_.place_of(number);
    state.add_held(buffer_.at(place).recommendation);
    state.add_priorities(priorities_[place]);
  }
  state.set_largest_priority(largest_priority_);
  for (const OutcomePlace& from : buffer_.held_from()) {
    auto& position = *state.add_read_from();
    position.set_shard(from.shard);
    position.set_offset(from.offset);
  }
}

absl::Status Replay::load(const pb::DqnState& state) {
  const auto sound = [](float priority) { return priority > 0 && std::isfinite(priority); };
  if (state.held_size() != state.priorities_size() || !sound(state.largest_priority()) ||
      !std::all_of(state.priorities().begin(), state.priorities().end(), sound))
    return absl::InvalidArgumentError("dqn state: the buffer's priorities are not those of its decisions");
  std::vector<OutcomePlace> from;
  for (const auto& position : state.read_from()) from.push_back({position.shard(), position.offset()});
  if (!buffer_.restore({state.held().data(), static_cast<std::size_t>(state.held_size())}, state.inserted(), from))
    return absl::InvalidArgumentError("dqn state: the buffer holds a decision twice, or more than ever came");
  weights_ = SumTree(options_.replay_decisions);
  ready_ = 0;
  std::fill(priorities_.begin(), priorities_.end(), 0.0F);
  const auto held = static_cast<std::uint64_t>(state.held_size());
  for (std::uint64_t number = buffer_.oldest(); number < buffer_.inserted(); ++number) {
    const std::uint64_t index = number + held - buffer_.inserted();  // of those saved; a smaller buffer keeps the newest
    if (number + held >= buffer_.inserted()) priorities_[buffer_.place_of(number)] = state.priorities(static_cast<int>(index));
  }
  largest_priority_ = state.largest_priority();
  return absl::OkStatus();
}

}  // namespace riffle::learner
