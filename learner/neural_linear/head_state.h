// A state of `neural_linear`, checked: a network's (learner/q_learning/q_state.h) with the head and the representation that it was made
// with. The trainer loads it and serving reads it.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/neural_linear/head.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

struct HeadState {
  pb::DqnState network;
  std::vector<float> representation;  // as the network's shape lays them out
  NeuralHead head{0};
};

// Errors as parse_q_state(), and InvalidArgument where head or representation are not of the network's shape, or not finite.
absl::StatusOr<HeadState> parse_head_state(std::string_view state);

}  // namespace riffle::learner
