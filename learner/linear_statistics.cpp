#include "learner/linear_statistics.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "learner/examination.h"
#include "learner/residual_noise.h"

namespace riffle::learner {
namespace {

constexpr int kD = static_cast<int>(features::kFeatureCount);
using Square = Eigen::Matrix<double, kD, kD>;
using Column = Eigen::Matrix<double, kD, 1>;

bool all_finite(const google::protobuf::RepeatedField<double>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace

LinearStatistics::LinearStatistics(Milliseconds half_life) : forgetting_(half_life), positions_(kPositions) {}

double LinearStatistics::weight_at(std::int64_t decision_ms) {
  return forgetting_.weight_at(decision_ms, [this](double factor) { scale(factor); });
}

void LinearStatistics::scale(double factor) {
  for (auto& position : positions_) {
    if (!position.used) continue;
    for (double& value : position.gram) value *= factor;
    for (double& value : position.moment) value *= factor;
    position.randomised_count *= factor;
    position.randomised_reward *= factor;
    position.count *= factor;
    position.squares *= factor;
  }
}

void LinearStatistics::add(std::size_t position, const float* features, double weight, bool newly_exposed,
                           double reward, double squared, bool randomised) {
  Position& here = positions_[std::min(position, kPositions - 1)];
  here.used = true;
  const Column x = Eigen::Map<const Eigen::Matrix<float, kD, 1>>(features).cast<double>();
  if (newly_exposed) {
    // Whole columns of fixed length: the same operations on the same numbers wherever the matrix lies in memory, which
    // the bit-equality of a restart needs.
    Eigen::Map<Square, Eigen::Aligned64> gram(here.gram.data());
    const Column scaled = weight * x;
    gram.noalias() += scaled * x.transpose();
    here.count += weight;
  }
  here.squares += weight * squared;
  if (reward != 0) Eigen::Map<Column, Eigen::Aligned64>(here.moment.data()) += (weight * reward) * x;
  if (randomised) {
    if (newly_exposed) here.randomised_count += weight;
    here.randomised_reward += weight * reward;
  }
}

std::vector<double> LinearStatistics::examination(double position_prior) const {
  std::array<PositionEvidence, kPositions> evidence;
  const double now = forgetting_.latest_weight();
  for (std::size_t k = 0; k < kPositions; ++k)
    evidence[k] = {positions_[k].randomised_count / now, positions_[k].randomised_reward / now};
  return fit_examination(evidence, position_prior);
}

absl::StatusOr<LinearSolution> LinearStatistics::solve(double ridge, double position_prior) const {
  const auto theta = examination(position_prior);
  Square gram = Square::Zero();
  Column moment = Column::Zero();
  double count = 0, squares = 0;
  const double now = 1.0 / forgetting_.latest_weight();
  for (std::size_t k = 0; k < kPositions; ++k) {
    if (!positions_[k].used) continue;
    gram += (theta[k] * theta[k] * now) * Eigen::Map<const Square, Eigen::Aligned64>(positions_[k].gram.data());
    moment += (theta[k] * now) * Eigen::Map<const Column, Eigen::Aligned64>(positions_[k].moment.data());
    count += now * positions_[k].count;
    squares += now * positions_[k].squares;
  }
  gram.diagonal().array() += ridge;
  const Eigen::LLT<Square, Eigen::Lower> factor(gram);
  if (factor.info() != Eigen::Success)
    return absl::FailedPreconditionError(
        absl::StrCat("the Gram matrix plus ridge ", ridge, " is not positive definite: raise the ridge"));
  const Column weights = factor.solve(moment);
  if (!weights.allFinite())
    return absl::FailedPreconditionError("the regression's weights are not finite: raise the ridge");
  LinearSolution out;
  Eigen::Map<Column>(out.weights.data()) = weights;
  out.factor = factor.matrixLLT();
  out.noise = residual_noise(count, squares, weights.dot(moment) + ridge * weights.squaredNorm());
  return out;
}

void LinearStatistics::save(pb::LinearState& state) const {
  state.set_dimension(kDimension);
  forgetting_.save(state);
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
    out.set_count(here.count);
    out.set_squares(here.squares);
  }
}

absl::Status LinearStatistics::load(const pb::LinearState& state) {
  if (state.dimension() != kDimension)
    return absl::InvalidArgumentError(
        absl::StrCat("linear state has ", state.dimension(), " dimensions, this build has ", kDimension));
  if (state.positions_size() > static_cast<int>(kPositions))
    return absl::InvalidArgumentError(absl::StrCat("linear state has ", state.positions_size(), " positions, at most ",
                                                   kPositions, " are known"));
  LinearStatistics loaded{Milliseconds(0)};
  loaded.forgetting_ = forgetting_;
  for (int k = 0; k < state.positions_size(); ++k) {
    const auto& from = state.positions(k);
    if (from.gram_size() == 0 && from.moment_size() == 0) continue;
    if (from.gram_size() != kD * (kD + 1) / 2 || from.moment_size() != kD)
      return absl::InvalidArgumentError(absl::StrCat("linear state is cut short at position ", k));
    if (!all_finite(from.gram()) || !all_finite(from.moment()) || !std::isfinite(from.randomised_count()) ||
        !std::isfinite(from.randomised_reward()) || !std::isfinite(from.count()) || !std::isfinite(from.squares()))
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
    here.count = from.count();
    here.squares = from.squares();
  }
  const auto times = loaded.forgetting_.load(state, [&](double factor) { loaded.scale(factor); });
  RIFFLE_RETURN_IF_ERROR(annotate(times, "linear state"));
  *this = std::move(loaded);
  return absl::OkStatus();
}

}  // namespace riffle::learner
