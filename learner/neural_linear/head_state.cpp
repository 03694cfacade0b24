#include "learner/neural_linear/head_state.h"

#include "absl/status/status.h"
#include "base/errors.h"
#include "learner/q_learning/q_state.h"

namespace riffle::learner {

absl::StatusOr<HeadState> parse_head_state(std::string_view bytes) {
  HeadState state;
  RIFFLE_ASSIGN_OR_RETURN(state.network, parse_q_state(bytes, "neural_linear"));
  const network::Shape shape = shape_of(state.network);
  const pb::NeuralHead& head = state.network.head();
  if (shape.duelling || head.representation().size() != shape.parameters() * sizeof(float))
    return absl::InvalidArgumentError("neural_linear state has not as many numbers of its representation as its layers take");
  state.representation = floats_of(head.representation());
  if (!all_finite(state.representation))
    return absl::InvalidArgumentError("neural_linear state holds a number that is not finite");
  state.head = NeuralHead(shape.hidden_2 + 1);
  RIFFLE_RETURN_IF_ERROR(state.head.load(head));
  return state;
}

}  // namespace riffle::learner
