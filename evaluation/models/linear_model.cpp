#include "evaluation/models/linear_model.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "features/feature_vector.h"

namespace riffle::evaluation {
namespace {

using features::kFeatureCount;
constexpr std::size_t kDimension = kFeatureCount + LinearModel::kPositions;

constexpr std::size_t triangle(std::size_t rows) { return rows * (rows + 1) / 2; }

std::size_t constant_of(std::size_t position) {
  return kFeatureCount + std::min(position, LinearModel::kPositions - 1);
}

std::span<const float> span_of(const google::protobuf::RepeatedField<float>& features) {
  return {features.data(), static_cast<std::size_t>(features.size())};
}

}  // namespace

std::vector<double> solve_positive_definite(std::vector<double> lower, std::vector<double> b) {
  const std::size_t n = b.size();
  RIFFLE_CHECK(lower.size() == triangle(n), lower.size(), n);
  const auto at = [&lower](std::size_t i, std::size_t j) -> double& {
    return lower[triangle(i) + j];
  };
  for (std::size_t i = 0; i < n; ++i) {  // A = L·Lᵀ, in place
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = at(i, j);
      for (std::size_t k = 0; k < j; ++k) sum -= at(i, k) * at(j, k);
      at(i, j) = i == j ? std::sqrt(std::max(sum, 1e-300)) : sum / at(j, j);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {  // L·y = b
    for (std::size_t k = 0; k < i; ++k) b[i] -= at(i, k) * b[k];
    b[i] /= at(i, i);
  }
  for (std::size_t i = n; i-- > 0;) {  // Lᵀ·x = y
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= at(k, i) * b[k];
    b[i] /= at(i, i);
  }
  return b;
}

LinearModel::LinearModel(std::size_t folds, double ridge)
    : folds_(folds),
      ridge_(ridge),
      sums_(folds, Sums{std::vector<double>(triangle(kDimension), 0),
                        std::vector<double>(kDimension, 0)}),
      positions_(folds) {}

bool LinearModel::covers(const LoggedRound& round) const {
  return round.outcome != nullptr &&
         round.outcome->feature_fingerprint() == features::feature_fingerprint() &&
         std::all_of(round.outcome->slots().begin(), round.outcome->slots().end(),
                     [](const pb::OutcomeSlot& slot) {
                       return static_cast<std::size_t>(slot.features_size()) == kFeatureCount;
                     });
}

void LinearModel::learn(const LoggedRound& round, std::size_t fold) {
  if (!covers(round)) return;
  positions_.learn(round, fold);
  Sums& sums = sums_[fold];
  for (std::size_t slot = 0; slot < round.slots.size(); ++slot) {
    const auto x = span_of(round.outcome->slots(static_cast<int>(slot)).features());
    const double reward = round.slots[slot].reward;
    const std::size_t constant = constant_of(round.slots[slot].position);
    double* gram = sums.gram.data();
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
      for (std::size_t j = 0; j <= i; ++j) *gram++ += double{x[i]} * double{x[j]};
      sums.moment[i] += reward * double{x[i]};
    }
    double* row = sums.gram.data() + triangle(constant);
    for (std::size_t i = 0; i < kFeatureCount; ++i) row[i] += double{x[i]};
    row[constant] += 1;
    sums.moment[constant] += reward;
  }
}

void LinearModel::fit() {
  positions_.fit();
  weights_.clear();
  for (std::size_t fold = 0; fold < folds_; ++fold) {
    std::vector<double> gram(triangle(kDimension), 0), moment(kDimension, 0);
    for (std::size_t i = 0; i < kDimension; ++i) gram[triangle(i) + i] = ridge_;
    for (std::size_t other = 0; other < folds_; ++other) {
      if (folds_ > 1 && other == fold) continue;
      for (std::size_t i = 0; i < gram.size(); ++i) gram[i] += sums_[other].gram[i];
      for (std::size_t i = 0; i < moment.size(); ++i) moment[i] += sums_[other].moment[i];
    }
    weights_.push_back(solve_positive_definite(std::move(gram), std::move(moment)));
  }
}

double LinearModel::predict(std::span<const float> features, std::size_t position,
                            std::size_t fold) const {
  const std::vector<double>& weights = weights_[fold];
  double sum = weights[constant_of(position)];
  for (std::size_t i = 0; i < kFeatureCount; ++i) sum += weights[i] * double{features[i]};
  return sum;
}

double LinearModel::logged(const LoggedRound& round, std::size_t slot, std::size_t fold) const {
  return predict(span_of(round.outcome->slots(static_cast<int>(slot)).features()),
                 round.slots[slot].position, fold);
}

double LinearModel::action(const LoggedRound& round, std::size_t slot, std::size_t fold,
                           std::uint32_t action) const {
  return predict(span_of(round.outcome->candidates(static_cast<int>(action)).features()),
                 round.slots[slot].position, fold);
}

}  // namespace riffle::evaluation
