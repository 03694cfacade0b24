#include "learner/arm_regressions.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "learner/least_counted.h"
#include "learner/residual_noise.h"

namespace riffle::learner {
namespace {

// Draws are an item's own, and others after every slot of it. Not a multiple of the step by which Rng expands a seed.
constexpr std::uint64_t kSeedStep = 0xD1342543DE82EF95ULL;

template <class Numbers>
bool all_finite(const Numbers& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace

ArmRegressions::ArmRegressions(const LinearArmsOptions& options, std::size_t dimension)
    : options_(options), dimension_(dimension), forgetting_(options.half_life) {}

double ArmRegressions::weight_at(std::int64_t decision_ms) {
  return forgetting_.weight_at(decision_ms, [this](double factor) { scale(factor); });
}

void ArmRegressions::scale(double factor) {
  for (auto& [item, arm] : arms_) {
    arm.gram *= factor;
    arm.moment *= factor;
    arm.count *= factor;
    arm.squares *= factor;
    arm.stale = true;
  }
}

void ArmRegressions::add(ItemKey item, const float* features, double weight, bool newly_exposed, double reward,
                         double squared) {
  auto found = arms_.find(item);
  if (found == arms_.end()) {
    if (!newly_exposed) return;  // a correction of what was evicted
    make_room();
    const auto d = static_cast<Eigen::Index>(dimension_);
    found = arms_.emplace(item, Arm{Eigen::MatrixXd::Zero(d, d), Eigen::VectorXd::Zero(d)}).first;
  }
  Arm& arm = found->second;
  const Eigen::VectorXd x =
      Eigen::Map<const Eigen::VectorXf>(features, static_cast<Eigen::Index>(dimension_)).cast<double>();
  if (newly_exposed) {
    arm.gram.selfadjointView<Eigen::Lower>().rankUpdate(x, weight);
    arm.count += weight;
    ++arm.slots;
  }
  if (reward != 0) arm.moment += (weight * reward) * x;
  arm.squares += weight * squared;
  arm.stale = true;
}

void ArmRegressions::make_room() {
  if (arms_.size() < options_.max_items) return;
  for (const ItemKey item : least_counted(arms_, arms_.size() + 1 - options_.max_items + options_.max_items / 8,
                                          [](const Arm& arm) { return arm.count; })) {
    arms_.erase(item);
    posteriors_.erase(item);
    ++evicted_;
  }
}

std::shared_ptr<const GaussianPosterior> ArmRegressions::solve(ItemKey item, const Arm& arm) const {
  const double now = 1.0 / forgetting_.latest_weight();
  Eigen::MatrixXd gram = now * arm.gram;
  gram.diagonal().array() += options_.ridge;
  const Eigen::LLT<Eigen::MatrixXd, Eigen::Lower> factor(std::move(gram));
  if (factor.info() != Eigen::Success) return nullptr;
  const Eigen::VectorXd moment = now * arm.moment;
  const Eigen::VectorXd weights = factor.solve(moment);
  if (!weights.allFinite()) return nullptr;
  const double noise =
      residual_noise(now * arm.count, now * arm.squares, weights.dot(moment) + options_.ridge * weights.squaredNorm());
  std::vector<float> rounded(dimension_);
  std::transform(weights.begin(), weights.end(), rounded.begin(), [](double w) { return static_cast<float>(w); });
  return std::make_shared<const GaussianPosterior>(std::move(rounded), factor.matrixLLT(), noise, options_.draws,
                                                   item.value() + kSeedStep * arm.slots);
}

const ArmPosteriors& ArmRegressions::posteriors() {
  const double now = forgetting_.latest_weight();
  const bool all = now != solved_at_;
  solved_at_ = now;
  for (auto& [item, arm] : arms_) {
    if (!arm.stale && !all) continue;
    arm.stale = false;
    if (auto solved = solve(item, arm)) {
      posteriors_[item] = std::move(solved);
    } else {
      ++unsolvable_;
    }
  }
  return posteriors_;
}

void ArmRegressions::save(pb::LinearArmsState& state) const {
  state.set_dimension(static_cast<std::uint32_t>(dimension_));
  forgetting_.save(state);
  std::vector<std::pair<ItemKey, const Arm*>> sorted;
  for (const auto& [item, arm] : arms_) sorted.emplace_back(item, &arm);
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [item, arm] : sorted) {
    auto& out = *state.add_arms();
    out.set_item_key(item.value());
    for (Eigen::Index row = 0; row < arm->gram.rows(); ++row)
      for (Eigen::Index column = 0; column <= row; ++column) out.add_gram(arm->gram(row, column));
    out.mutable_moment()->Add(arm->moment.begin(), arm->moment.end());
    out.set_count(arm->count);
    out.set_squares(arm->squares);
    out.set_slots(arm->slots);
  }
}

absl::Status ArmRegressions::load(const pb::LinearArmsState& state) {
  if (state.dimension() != dimension_)
    return absl::InvalidArgumentError(absl::StrCat("linear_arms state has ", state.dimension(),
                                                   " dimensions, this build has ", dimension_));
  ArmRegressions loaded(options_, dimension_);
  const auto d = static_cast<Eigen::Index>(dimension_);
  for (const auto& from : state.arms()) {
    if (from.gram_size() != d * (d + 1) / 2 || from.moment_size() != d)
      return absl::InvalidArgumentError("linear_arms state is cut short");
    if (!all_finite(from.gram()) || !all_finite(from.moment()) || !std::isfinite(from.count()) ||
        !std::isfinite(from.squares()))
      return absl::InvalidArgumentError("linear_arms state is not finite");
    Arm arm{Eigen::MatrixXd::Zero(d, d), Eigen::VectorXd::Zero(d)};
    int next = 0;
    for (Eigen::Index row = 0; row < d; ++row)
      for (Eigen::Index column = 0; column <= row; ++column) arm.gram(row, column) = from.gram(next++);
    std::copy(from.moment().begin(), from.moment().end(), arm.moment.begin());
    arm.count = from.count();
    arm.squares = from.squares();
    arm.slots = from.slots();
    if (!loaded.arms_.emplace(ItemKey(from.item_key()), std::move(arm)).second)
      return absl::InvalidArgumentError("linear_arms state holds an item twice");
  }
  const auto times = loaded.forgetting_.load(state, [&](double factor) { loaded.scale(factor); });
  RIFFLE_RETURN_IF_ERROR(annotate(times, "linear_arms state"));
  loaded.evicted_ = evicted_;
  loaded.unsolvable_ = unsolvable_;
  *this = std::move(loaded);
  return absl::OkStatus();
}

}  // namespace riffle::learner
