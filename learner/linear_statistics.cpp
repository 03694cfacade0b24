#include "learner/linear_statistics.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "learner/examination.h"

namespace riffle::learner {
namespace {

constexpr int kD = static_cast<int>(features::kFeatureCount);
using Square = Eigen::Matrix<double, kD, kD>;
using Column = Eigen::Matrix<double, kD, 1>;

// Beyond this many half-lives after the reference a weight (2³²) starts to eat into the old ones' digits.
constexpr std::int64_t kMostHalfLives = 32;

bool all_finite(const google::protobuf::RepeatedField<double>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace

LinearStatistics::LinearStatistics(Milliseconds half_life)
    : half_life_ms_(std::max<std::int64_t>(half_life.count(), 0)), positions_(kPositions) {}

double LinearStatistics::weight_at(std::int64_t decision_ms) {
  if (reference_ms_ == 0) reference_ms_ = latest_ms_ = decision_ms;
  latest_ms_ = std::max(latest_ms_, decision_ms);
  if (half_life_ms_ == 0) return 1.0;
  const std::int64_t half_lives = (decision_ms - reference_ms_) / half_life_ms_;
  if (half_lives > kMostHalfLives) move_reference(half_lives);
  return std::exp2(static_cast<double>(decision_ms - reference_ms_) / static_cast<double>(half_life_ms_));
}

void LinearStatistics::move_reference(std::int64_t half_lives) {
  reference_ms_ += half_lives * half_life_ms_;
  scale(std::exp2(-static_cast<double>(half_lives)));
}

void LinearStatistics::scale(double factor) {
  for (auto& position : positions_) {
    if (!position.used) continue;
    for (double& value : position.gram) value *= factor;
    for (double& value : position.moment) value *= factor;
    position.randomised_count *= factor;
    position.randomised_reward *= factor;
  }
}

double LinearStatistics::latest_weight() const {
  if (half_life_ms_ == 0) return 1.0;
  return std::exp2(static_cast<double>(latest_ms_ - reference_ms_) / static_cast<double>(half_life_ms_));
}

void LinearStatistics::add(std::size_t position, const float* features, double weight, bool newly_exposed,
                           double reward, bool randomised) {
  Position& here = positions_[std::min(position, kPositions - 1)];
  here.used = true;
  const Column x = Eigen::Map<const Eigen::Matrix<float, kD, 1>>(features).cast<double>();
  if (newly_exposed) {
    // Whole columns of fixed length: the same operations on the same numbers wherever the matrix lies in memory, which
    // the bit-equality of a restart needs.
    Eigen::Map<Square, Eigen::Aligned64> gram(here.gram.data());
    const Column scaled = weight * x;
    gram.noalias() += scaled * x.transpose();
  }
  if (reward != 0) Eigen::Map<Column, Eigen::Aligned64>(here.moment.data()) += (weight * reward) * x;
  if (randomised) {
    if (newly_exposed) here.randomised_count += weight;
    here.randomised_reward += weight * reward;
  }
}

std::vector<double> LinearStatistics::examination(double position_prior) const {
  std::array<PositionEvidence, kPositions> evidence;
  const double now = latest_weight();
  for (std::size_t k = 0; k < kPositions; ++k)
    evidence[k] = {positions_[k].randomised_count / now, positions_[k].randomised_reward / now};
  return fit_examination(evidence, position_prior);
}

absl::StatusOr<LinearWeights> LinearStatistics::solve(double ridge, double position_prior) const {
  const auto theta = examination(position_prior);
  Square gram = Square::Zero();
  Column moment = Column::Zero();
  const double now = 1.0 / latest_weight();
  for (std::size_t k = 0; k < kPositions; ++k) {
    if (!positions_[k].used) continue;
    gram += (theta[k] * theta[k] * now) * Eigen::Map<const Square, Eigen::Aligned64>(positions_[k].gram.data());
    moment += (theta[k] * now) * Eigen::Map<const Column, Eigen::Aligned64>(positions_[k].moment.data());
  }
  gram.diagonal().array() += ridge;
  const Eigen::LLT<Square, Eigen::Lower> factor(gram);
  if (factor.info() != Eigen::Success)
    return absl::FailedPreconditionError(
        absl::StrCat("the Gram matrix plus ridge ", ridge, " is not positive definite: raise the ridge"));
  const Column weights = factor.solve(moment);
  if (!weights.allFinite())
    return absl::FailedPreconditionError("the regression's weights are not finite: raise the ridge");
  LinearWeights out;
  Eigen::Map<Column>(out.data()) = weights;
  return out;
}

void LinearStatistics::save(pb::LinearState& state) const {
  state.set_dimension(kDimension);
  state.set_reference_ms(reference_ms_);
  state.set_latest_ms(latest_ms_);
  state.set_half_life_ms(half_life_ms_);
  std::size_t last = kPositions;
  while (last > 0 && !positions_[last - 1].used) --last;
  for (std::size_t k = 0; k < last; ++k) {
    auto& out = *state.add_positions();
    const Position& here = positions_[k];
    if (!here.used) continue;
    out.mutable_gram()->Reserve(static_cast<int>(kDimension * (kDimension + 1) / 2));
    for (std::size_t row = 0; row < kDimension; ++row)
      for (std::size_t column = 0; column <= row; ++column) out.add_gram(here.gram[column * kDimension + row]);
    out.mutable_moment()->Add(here.moment.begin(), here.moment.end());
    out.set_randomised_count(here.randomised_count);
    out.set_randomised_reward(here.randomised_reward);
  }
}

absl::Status LinearStatistics::load(const pb::LinearState& state) {
  if (state.dimension() != kDimension)
    return absl::InvalidArgumentError(
        absl::StrCat("linear state has ", state.dimension(), " dimensions, this build has ", kDimension));
  if (state.positions_size() > static_cast<int>(kPositions))
    return absl::InvalidArgumentError(absl::StrCat("linear state has ", state.positions_size(), " positions, at most ",
                                                   kPositions, " are known"));
  LinearStatistics loaded{Milliseconds(state.half_life_ms())};
  loaded.reference_ms_ = state.reference_ms();
  loaded.latest_ms_ = state.latest_ms();
  if (loaded.reference_ms_ < 0 || loaded.latest_ms_ < loaded.reference_ms_ || !std::isfinite(loaded.latest_weight()))
    return absl::InvalidArgumentError(absl::StrCat("linear state has times that cannot be: reference ",
                                                   loaded.reference_ms_, " ms, latest ", loaded.latest_ms_, " ms"));
  for (int k = 0; k < state.positions_size(); ++k) {
    const auto& from = state.positions(k);
    if (from.gram_size() == 0 && from.moment_size() == 0) continue;
    if (from.gram_size() != kD * (kD + 1) / 2 || from.moment_size() != kD)
      return absl::InvalidArgumentError(absl::StrCat("linear state is cut short at position ", k));
    if (!all_finite(from.gram()) || !all_finite(from.moment()) || !std::isfinite(from.randomised_count()) ||
        !std::isfinite(from.randomised_reward()))
      return absl::InvalidArgumentError(absl::StrCat("linear state is not finite at position ", k));
    Position& here = loaded.positions_[static_cast<std::size_t>(k)];
    here.used = true;
    int next = 0;
    for (std::size_t row = 0; row < kDimension; ++row)
      for (std::size_t column = 0; column <= row; ++column)
        here.gram[column * kDimension + row] = here.gram[row * kDimension + column] = from.gram(next++);
    std::copy(from.moment().begin(), from.moment().end(), here.moment.begin());
    here.randomised_count = from.randomised_count();
    here.randomised_reward = from.randomised_reward();
  }
  if (loaded.half_life_ms_ != half_life_ms_) {
    // Another half-life from here on: what was learned keeps the weight that it has now.
    loaded.scale(1.0 / loaded.latest_weight());
    loaded.reference_ms_ = loaded.latest_ms_;
    loaded.half_life_ms_ = half_life_ms_;
  }
  *this = std::move(loaded);
  return absl::OkStatus();
}

}  // namespace riffle::learner
