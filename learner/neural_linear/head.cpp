#include "learner/neural_linear/head.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace riffle::learner {
namespace {

bool finite(const google::protobuf::RepeatedField<double>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace

NeuralHead::NeuralHead(std::size_t dimension) : gram_(dimension * (dimension + 1) / 2), moment_(dimension) {}

void NeuralHead::clear() { *this = NeuralHead(dimension()); }

void NeuralHead::add_slot(const float* z) {
  double* column = gram_.data();
  for (std::size_t j = 0; j < dimension(); ++j) {
    const double scale = z[j];
    const std::size_t rows = dimension() - j;
    for (std::size_t i = 0; i < rows && scale != 0; ++i) column[i] += scale * static_cast<double>(z[j + i]);
    column += rows;
  }
  ++count_;
}

void NeuralHead::add_reward(const float* z, double reward, double squared) {
  for (std::size_t j = 0; j < dimension(); ++j) moment_[j] += reward * static_cast<double>(z[j]);
  squares_ += squared;
}

absl::StatusOr<std::shared_ptr<const GaussianPosterior>> NeuralHead::solve(const NeuralLinearOptions& options,
                                                                           std::uint64_t seed) const {
  const auto d = static_cast<Eigen::Index>(dimension());
  Eigen::MatrixXd precision = Eigen::MatrixXd::Zero(d, d);
  const double* next = gram_.data();
  for (Eigen::Index column = 0; column < d; ++column)
    for (Eigen::Index row = column; row < d; ++row) precision(row, column) = *next++;
  precision.diagonal().array() += options.ridge;
  const Eigen::LLT<Eigen::MatrixXd, Eigen::Lower> factor(precision);
  if (factor.info() != Eigen::Success)
    return absl::FailedPreconditionError(
        absl::StrCat("the head's Gram matrix plus ridge ", options.ridge, " is not positive definite: raise the ridge"));
  const Eigen::VectorXd moment = Eigen::Map<const Eigen::VectorXd>(moment_.data(), d);
  const Eigen::VectorXd weights = factor.solve(moment);
  const double shape = options.noise_shape + count_ / 2;
  const double scale = options.noise_scale + std::max(squares_ - weights.dot(moment), 0.0) / 2;
  std::vector<float> served(dimension());
  for (Eigen::Index j = 0; j < d; ++j) served[static_cast<std::size_t>(j)] = static_cast<float>(weights(j));
  if (!std::all_of(served.begin(), served.end(), [](float w) { return std::isfinite(w); }) || !std::isfinite(scale))
    return absl::FailedPreconditionError("the head's weights are not finite: raise the ridge");
  return std::make_shared<const GaussianPosterior>(std::move(served), factor.matrixL(), std::sqrt(scale / shape),
                                                   options.draws, seed, shape);
}

void NeuralHead::save(pb::NeuralHead& state) const {
  state.mutable_gram()->Add(gram_.begin(), gram_.end());
  state.mutable_moment()->Add(moment_.begin(), moment_.end());
  state.set_count(count_);
  state.set_squares(squares_);
}

absl::Status NeuralHead::load(const pb::NeuralHead& state) {
  if (static_cast<std::size_t>(state.gram_size()) != gram_.size() ||
      static_cast<std::size_t>(state.moment_size()) != moment_.size())
    return absl::InvalidArgumentError(absl::StrCat("neural_linear state: the head has ", state.moment_size(),
                                                   " weights, its network's last layer asks for ", moment_.size()));
  if (!finite(state.gram()) || !finite(state.moment()) || !std::isfinite(state.count()) || !std::isfinite(state.squares()) ||
      state.count() < 0)
    return absl::InvalidArgumentError("neural_linear state: the head holds a number that is not finite");
  std::copy(state.gram().begin(), state.gram().end(), gram_.begin());
  std::copy(state.moment().begin(), state.moment().end(), moment_.begin());
  count_ = state.count();
  squares_ = state.squares();
  return absl::OkStatus();
}

}  // namespace riffle::learner
