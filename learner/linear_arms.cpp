#include "learner/linear_arms.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/errors.h"

namespace riffle::learner {
namespace {

float finite_or_zero(float value) { return std::isfinite(value) ? value : 0.0F; }

absl::StatusOr<pb::LinearArmsState> parse(std::string_view state) {
  pb::LinearArmsState parsed;
  if (!parsed.ParseFromArray(state.data(), static_cast<int>(state.size())))
    return absl::InvalidArgumentError("linear_arms state is not a LinearArmsState message");
  return parsed;
}

std::shared_ptr<const GaussianPosterior> prior_of(const LinearArmsOptions& options, std::size_t dimension) {
  const auto d = static_cast<Eigen::Index>(dimension);
  return std::make_shared<const GaussianPosterior>(std::vector<float>(dimension),
                                                   std::sqrt(options.ridge) * Eigen::MatrixXd::Identity(d, d), 1.0,
                                                   options.draws, 0);
}

}  // namespace

LinearArmsScorer::LinearArmsScorer(ArmPosteriors arms, const LinearArmsOptions& options, std::size_t dimension)
    : arms_(std::move(arms)), dimension_(dimension), prior_(prior_of(options, dimension)) {}

const GaussianPosterior& LinearArmsScorer::posterior_of(const ScoringBatch& batch, std::size_t candidate) const {
  if (batch.items.empty()) return *prior_;
  const auto found = arms_.find(batch.items[candidate]);
  return found == arms_.end() ? *prior_ : *found->second;
}

const float* LinearArmsScorer::row_of(const ScoringBatch& batch, std::size_t candidate) const {
  return batch.features.data() + candidate * dimension_;
}

void LinearArmsScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.features.size() == batch.count() * dimension_ && scores.size() == batch.count(), "features",
               batch.features.size(), "candidates", batch.count(), "scores", scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] = finite_or_zero(posterior_of(batch, i).mean(row_of(batch, i)));
}

void LinearArmsScorer::score_draws(const ScoringBatch& batch, std::span<float> draws) const {
  const std::size_t each = draw_count();
  RIFFLE_CHECK(draws.size() == batch.count() * each, "draws", draws.size(), "candidates", batch.count());
  if (each == 0) return;
  for (std::size_t i = 0; i < batch.count(); ++i) {
    const auto of_one = draws.subspan(i * each, each);
    posterior_of(batch, i).draws(row_of(batch, i), of_one);
    for (float& draw : of_one) draw = finite_or_zero(draw);
  }
}

void LinearArmsScorer::score_widths(const ScoringBatch& batch, std::span<float> widths) const {
  RIFFLE_CHECK(widths.size() == batch.count(), "widths", widths.size(), "candidates", batch.count());
  for (std::size_t i = 0; i < batch.count(); ++i)
    widths[i] = finite_or_zero(posterior_of(batch, i).width(row_of(batch, i)));
}

LinearArmsTrainer::LinearArmsTrainer(const LinearArmsOptions& options)
    : options_(options), arms_(options, features::kFeatureCount) {}

void LinearArmsTrainer::learn(const pb::Outcome& outcome) {
  if (!may_learn(outcome, "linear_arms", ignored_)) return;
  scorer_.reset();
  const double weight = arms_.weight_at(outcome.decision_ms());
  for (const auto& slot : outcome.slots()) {
    if (!slot.exposed()) continue;
    const double reward = unlearned_reward(slot);
    if (!slot.newly_exposed() && reward == 0) continue;
    slots_learned_ += slot.newly_exposed();
    arms_.add(ItemKey(slot.item_key()), slot.features().data(), weight, slot.newly_exposed(), reward,
              squares_grown_by(slot));
  }
}

std::shared_ptr<const Scorer> LinearArmsTrainer::scorer() {
  if (!scorer_) scorer_ = std::make_shared<LinearArmsScorer>(arms_.posteriors(), options_, arms_.dimension());
  return scorer_;
}

std::string LinearArmsTrainer::save() const {
  pb::LinearArmsState state;
  arms_.save(state);
  state.set_slots_learned(slots_learned_);
  return state.SerializeAsString();
}

absl::Status LinearArmsTrainer::load(std::string_view state) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::LinearArmsState parsed, parse(state));
  RIFFLE_RETURN_IF_ERROR(arms_.load(parsed));
  slots_learned_ = parsed.slots_learned();
  scorer_.reset();
  return absl::OkStatus();
}

std::vector<TrainerIncident> LinearArmsTrainer::incidents() const {
  return {{"unsolvable", arms_.unsolvable()}, {"items_evicted", arms_.evicted()}};
}

absl::StatusOr<std::shared_ptr<const Scorer>> linear_arms_scorer(std::string_view state,
                                                                 const LinearArmsOptions& options) {
  ArmRegressions arms(options, features::kFeatureCount);
  if (!state.empty()) {
    RIFFLE_ASSIGN_OR_RETURN(const pb::LinearArmsState parsed, parse(state));
    RIFFLE_RETURN_IF_ERROR(arms.load(parsed));
  }
  const ArmPosteriors& posteriors = arms.posteriors();
  if (arms.unsolvable() > 0)
    return absl::FailedPreconditionError("an item's Gram matrix plus ridge is not positive definite: raise the ridge");
  return std::make_shared<const LinearArmsScorer>(posteriors, options, features::kFeatureCount);
}

}  // namespace riffle::learner
