#include "learner/q_learning/q_state.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/hash.h"
#include "features/feature_vector.h"
#include "learner/options.h"

namespace riffle::learner {
namespace {

static_assert(std::endian::native == std::endian::little, "floats are stored little-endian");

std::uint64_t checksum_of(pb::DqnState state) {
  state.clear_checksum();
  return stable_hash(state.SerializeAsString());
}

}  // namespace

std::string bytes_of(std::span<const float> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
}

std::vector<float> floats_of(std::string_view bytes) {
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(float));
  return numbers;
}

bool all_finite(std::span<const float> numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
}

std::string serialize(pb::DqnState state) {
  state.set_checksum(checksum_of(state));
  return state.SerializeAsString();
}

bool QNumbers::finite() const {
  return all_finite(online) && all_finite(target) && all_finite(first_moment) && all_finite(second_moment);
}

network::Shape shape_of(const pb::DqnState& state) {
  return {state.inputs(), state.hidden_1(), state.hidden_2(), state.duelling()};
}

network::SlateShape slate_shape_of(const pb::DqnState& state) { return {state.inputs(), state.hidden_1(), state.hidden_2()}; }

network::MultiTaskShape multi_task_shape_of(const pb::DqnState& state) {
  return {state.inputs(), state.hidden_1(), state.multi_task().experts(), state.hidden_2(), state.multi_task().heads()};
}

QNumbers numbers_of(const pb::DqnState& state) {
  QNumbers numbers;
  numbers.online = floats_of(state.online());
  numbers.target = floats_of(state.target());
  numbers.first_moment = floats_of(state.first_moment());
  numbers.second_moment = floats_of(state.second_moment());
  numbers.steps = state.steps();
  return numbers;
}

void set_numbers(const QNumbers& numbers, const network::Shape& shape, pb::DqnState& state) {
  state.set_feature_fingerprint(features::feature_fingerprint());
  state.set_inputs(shape.inputs);
  state.set_hidden_1(shape.hidden_1);
  state.set_hidden_2(shape.hidden_2);
  state.set_duelling(shape.duelling);
  state.set_online(bytes_of(numbers.online));
  state.set_target(bytes_of(numbers.target));
  state.set_first_moment(bytes_of(numbers.first_moment));
  state.set_second_moment(bytes_of(numbers.second_moment));
  state.set_steps(numbers.steps);
}

void draw_first_numbers(const network::Shape& shape, Rng& rng, std::vector<float>& numbers, std::size_t from) {
  const auto draw = [&](std::size_t at, std::size_t count, std::uint32_t inputs) {
    const double deviation = std::sqrt(2.0 / inputs);
    for (std::size_t i = 0; i < count; ++i) numbers[from + at + i] = static_cast<float>(deviation * rng.normal());
  };
  draw(shape.w1(), std::size_t{shape.hidden_1} * shape.inputs, shape.inputs);
  draw(shape.w2(), std::size_t{shape.hidden_2} * shape.hidden_1, shape.hidden_1);
}

namespace {

std::size_t parameters_of(const pb::DqnState& state, std::string_view scorer) {
  if (scorer == "slateq") return slate_shape_of(state).parameters();
  return scorer == "multi_task" ? multi_task_shape_of(state).parameters() : shape_of(state).parameters();
}

bool sound(const network::MultiTaskShape& shape) {
  return shape.experts > 0 && shape.experts <= kMostExperts && shape.mixed() <= network::kWidestLayer &&
         (shape.heads & network::kAlways) == network::kAlways && (shape.heads & ~network::kEveryHead) == 0;
}

}  // namespace

absl::StatusOr<pb::DqnState> parse_q_state(std::string_view bytes, std::string_view scorer) {
  const std::string name(scorer);
  pb::DqnState state;
  if (!state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::InvalidArgumentError(name + " state is not a DqnState message, or cut short");
  if (state.checksum() != checksum_of(state))
    return absl::InvalidArgumentError(name + " state is not what its checksum says: cut short, or changed");
  if (state.feature_fingerprint() != features::feature_fingerprint())
    return absl::FailedPreconditionError(
        absl::StrFormat("%s state was made with the feature specification %016x, this build has %016x", name,
                        state.feature_fingerprint(), features::feature_fingerprint()));
  if (const std::string whose = state.scorer().empty() ? "dqn" : state.scorer(); whose != name)
    return absl::InvalidArgumentError(absl::StrCat("a state of the scorer ", whose, ", not of ", name));
  const network::Shape shape = shape_of(state);
  const auto fits = [](std::uint32_t width) { return width > 0 && width <= network::kWidestLayer; };
  if (shape.inputs != features::kFeatureCount + 1 || !fits(shape.hidden_1) || !fits(shape.hidden_2))
    return absl::InvalidArgumentError(absl::StrCat(name, " state has layers of ", shape.inputs, ", ", shape.hidden_1, " and ",
                                                   shape.hidden_2, " numbers"));
  if (name == "multi_task" && !sound(multi_task_shape_of(state)))
    return absl::InvalidArgumentError(absl::StrCat("multi_task state has ", state.multi_task().experts(), " experts and the heads ",
                                                   state.multi_task().heads()));
  const std::size_t size = parameters_of(state, name) * sizeof(float);
  if (state.online().size() != size || state.target().size() != size || state.first_moment().size() != size ||
      state.second_moment().size() != size)
    return absl::InvalidArgumentError(name + " state has not as many numbers as its layers take: it is cut short");
  if (!numbers_of(state).finite()) return absl::InvalidArgumentError(name + " state holds a number that is not finite");
  return state;
}

QNumbers first_numbers(const network::Shape& shape, std::uint64_t seed) {
  QNumbers numbers(shape.parameters());
  Rng rng(seed);
  draw_first_numbers(shape, rng, numbers.online, 0);
  numbers.target = numbers.online;
  return numbers;
}

}  // namespace riffle::learner
