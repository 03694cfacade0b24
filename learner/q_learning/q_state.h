// What a DqnState says, of `dqn`, `slateq`, `neural_linear` or `multi_task`, checked; the trainer loads it and serving reads its
// online network.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/rng.h"
#include "learner/network/multi_task_shape.h"
#include "learner/network/shape.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

// As network::Numbers, but owned.
struct QNumbers {
  std::vector<float> online, target, first_moment, second_moment;
  std::uint64_t steps = 0;

  explicit QNumbers(std::size_t parameters = 0)
      : online(parameters), target(parameters), first_moment(parameters), second_moment(parameters) {}
  bool finite() const;
};

// InvalidArgument: not a DqnState, or another scorer's than `scorer`'s (as named above), or cut short, or numbers that are not
// finite. FailedPrecondition: other features.
absl::StatusOr<pb::DqnState> parse_q_state(std::string_view state, std::string_view scorer);
network::Shape shape_of(const pb::DqnState& state);
network::SlateShape slate_shape_of(const pb::DqnState& state);
network::MultiTaskShape multi_task_shape_of(const pb::DqnState& state);
QNumbers numbers_of(const pb::DqnState& state);     // of one that was parsed
std::string serialize(pb::DqnState state);         // with its checksum
void set_numbers(const QNumbers& numbers, const network::Shape& shape, pb::DqnState& state);

// Floats as a state has them.
std::string bytes_of(std::span<const float> numbers);
std::vector<float> floats_of(std::string_view bytes);
bool all_finite(std::span<const float> numbers);

// He et al. 2015 for the hidden layers; an output layer of zeros, so that nothing is preferred before it is learned. At `from` of
// the numbers.
void draw_first_numbers(const network::Shape& shape, Rng& rng, std::vector<float>& numbers, std::size_t from);
// Of one such network, and its target the same.
QNumbers first_numbers(const network::Shape& shape, std::uint64_t seed);

}  // namespace riffle::learner
