// What a DqnState says, checked; the trainer loads it and serving reads its online network.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
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

// InvalidArgument: not a DqnState, or cut short, or numbers that are not finite. FailedPrecondition: other features.
absl::StatusOr<pb::DqnState> parse_q_state(std::string_view state);
network::Shape shape_of(const pb::DqnState& state);
QNumbers numbers_of(const pb::DqnState& state);     // of one that was parsed
std::string serialize(pb::DqnState state);         // with its checksum
void set_numbers(const QNumbers& numbers, const network::Shape& shape, pb::DqnState& state);

}  // namespace riffle::learner
