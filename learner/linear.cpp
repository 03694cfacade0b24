#include "learner/linear.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Core>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"

namespace riffle::learner {
namespace {

absl::StatusOr<pb::LinearState> parse(std::string_view state) {
  pb::LinearState parsed;
  if (!parsed.ParseFromArray(state.data(), static_cast<int>(state.size())))
    return absl::InvalidArgumentError("linear state is not a LinearState message");
  return parsed;
}

float finite_or_zero(float value) { return std::isfinite(value) ? value : 0.0F; }

}  // namespace

LinearScorer::LinearScorer(const LinearWeights& weights) {
  std::transform(weights.begin(), weights.end(), weights_.begin(), [](double w) { return static_cast<float>(w); });
}

LinearScorer::LinearScorer(const LinearSolution& solution, const DrawOptions& draws, std::uint64_t seed)
    : LinearScorer(solution.weights) {
  posterior_ = std::make_shared<const GaussianPosterior>(std::vector<float>(weights_.begin(), weights_.end()),
                                                         solution.factor, solution.noise, draws, seed);
}

void LinearScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  using Row = Eigen::Array<float, static_cast<int>(features::kFeatureCount), 1>;
  RIFFLE_CHECK(batch.features.size() == batch.count() * features::kFeatureCount && scores.size() == batch.count(),
               "features", batch.features.size(), "candidates", batch.count(), "scores", scores.size());
  const Row weights = Eigen::Map<const Row, Eigen::Aligned64>(weights_.data());
  const float* row = batch.features.data();
  for (float& score : scores) {
    const float sum = (Eigen::Map<const Row>(row) * weights).sum();
    score = finite_or_zero(sum);
    row += features::kFeatureCount;
  }
}

void LinearScorer::score_draws(const ScoringBatch& batch, std::span<float> draws) const {
  const std::size_t each = draw_count();
  RIFFLE_CHECK(draws.size() == batch.count() * each, "draws", draws.size(), "candidates", batch.count());
  if (each == 0) return;
  for (std::size_t i = 0; i < batch.count(); ++i) {
    const auto of_one = draws.subspan(i * each, each);
    posterior_->draws(batch.features.data() + i * features::kFeatureCount, of_one);
    for (float& draw : of_one) draw = finite_or_zero(draw);
  }
}

void LinearScorer::score_widths(const ScoringBatch& batch, std::span<float> widths) const {
  RIFFLE_CHECK(posterior_ && widths.size() == batch.count(), "widths", widths.size(), "candidates", batch.count());
  for (std::size_t i = 0; i < batch.count(); ++i)
    widths[i] = finite_or_zero(posterior_->width(batch.features.data() + i * features::kFeatureCount));
}

LinearTrainer::LinearTrainer(const LinearOptions& options)
    : options_(options), statistics_(options.half_life), scorer_(std::make_shared<LinearScorer>()) {}

void LinearTrainer::learn(const pb::Outcome& outcome) {
  if (!may_learn(outcome, "linear", ignored_)) return;
  const double weight = statistics_.weight_at(outcome.decision_ms());
  stale_ = true;
  for (int k = 0; k < outcome.slots_size(); ++k) {
    const auto& slot = outcome.slots(k);
    if (!slot.exposed()) continue;
    const double reward = unlearned_reward(slot);
    if (!slot.newly_exposed() && reward == 0) continue;
    slots_learned_ += slot.newly_exposed();
    statistics_.add(static_cast<std::size_t>(k), slot.features().data(), weight, slot.newly_exposed(), reward,
                    squares_grown_by(slot), outcome.randomised());
  }
}

std::shared_ptr<const Scorer> LinearTrainer::scorer() {
  if (!stale_) return scorer_;
  const auto solution = statistics_.solve(options_.ridge, options_.position_prior);
  if (solution.ok()) {
    scorer_ = std::make_shared<LinearScorer>(*solution, options_.draws, slots_learned_);
    stale_ = false;
  } else if (worth_a_line(++unsolvable_)) {
    log::error("linear: {}; the last good version stays ({} so far)", solution.status().ToString(), unsolvable_);
  }
  return scorer_;
}

std::string LinearTrainer::save() const {
  pb::LinearState state;
  statistics_.save(state);
  state.set_slots_learned(slots_learned_);
  return state.SerializeAsString();
}

absl::Status LinearTrainer::load(std::string_view state) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::LinearState parsed, parse(state));
  RIFFLE_RETURN_IF_ERROR(statistics_.load(parsed));
  slots_learned_ = parsed.slots_learned();
  stale_ = true;
  return absl::OkStatus();
}

std::vector<TrainerIncident> LinearTrainer::incidents() const { return {{"unsolvable", unsolvable_}}; }

absl::StatusOr<std::shared_ptr<const Scorer>> linear_scorer(std::string_view state, const LinearOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::LinearState parsed, parse(state));
  LinearStatistics statistics(options.half_life);
  RIFFLE_RETURN_IF_ERROR(statistics.load(parsed));
  RIFFLE_ASSIGN_OR_RETURN(const LinearSolution solution, statistics.solve(options.ridge, options.position_prior));
  return std::make_shared<const LinearScorer>(solution, options.draws, parsed.slots_learned());
}

}  // namespace riffle::learner
