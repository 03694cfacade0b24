#include "learner/logistic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"

namespace riffle::learner {
namespace {

// Log odds beyond these are certainty to a float, and the curvature there is nothing to divide by.
constexpr double kMostLogOdds = 15;

double sigmoid(double log_odds) { return 1 / (1 + std::exp(-std::clamp(log_odds, -kMostLogOdds, kMostLogOdds))); }
double log_odds_of(double probability) { return std::log(probability / (1 - probability)); }
double cut(double reward) { return std::clamp(reward, 0.0, 1.0); }

float click_probability(float log_odds) {
  return std::isfinite(log_odds) ? static_cast<float>(sigmoid(static_cast<double>(log_odds))) : 0.0F;
}

absl::StatusOr<pb::LogisticState> parse(std::string_view state) {
  pb::LogisticState parsed;
  if (!parsed.ParseFromArray(state.data(), static_cast<int>(state.size())))
    return absl::InvalidArgumentError("logistic state is not a LogisticState message");
  return parsed;
}

}  // namespace

LogisticScorer::LogisticScorer(const LinearSolution& solution, const LogisticOptions& options, std::uint64_t seed)
    : posterior_(std::vector<float>(solution.weights.begin(), solution.weights.end()), solution.factor, 1.0, options.draws,
                 seed),
      offset_(static_cast<float>(log_odds_of(options.first_rate))) {}

float LogisticScorer::probability(const float* row) const { return click_probability(offset_ + posterior_.mean(row)); }

void LogisticScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.features.size() == batch.count() * features::kFeatureCount && scores.size() == batch.count(),
               "features", batch.features.size(), "candidates", batch.count(), "scores", scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] = probability(batch.features.data() + i * features::kFeatureCount);
}

void LogisticScorer::score_draws(const ScoringBatch& batch, std::span<float> draws) const {
  const std::size_t each = draw_count();
  RIFFLE_CHECK(draws.size() == batch.count() * each, "draws", draws.size(), "candidates", batch.count());
  if (each == 0) return;
  for (std::size_t i = 0; i < batch.count(); ++i) {
    const auto of_one = draws.subspan(i * each, each);
    posterior_.draws(batch.features.data() + i * features::kFeatureCount, of_one);
    for (float& draw : of_one) draw = click_probability(offset_ + draw);
  }
}

void LogisticScorer::score_widths(const ScoringBatch& batch, std::span<float> widths) const {
  RIFFLE_CHECK(widths.size() == batch.count(), "widths", widths.size(), "candidates", batch.count());
  for (std::size_t i = 0; i < batch.count(); ++i) {
    const float* row = batch.features.data() + i * features::kFeatureCount;
    const float p = probability(row);
    const float width = p * (1 - p) * posterior_.width(row);
    widths[i] = std::isfinite(width) ? width : 0.0F;
  }
}

LogisticTrainer::LogisticTrainer(const LogisticOptions& options)
    : options_(options), statistics_(options.half_life), scorer_(*logistic_scorer("", options)) {}

const LinearSolution* LogisticTrainer::solution() {
  if (solved_) return solved_.get();
  auto solved = statistics_.solve(options_.ridge, options_.position_prior);
  if (!solved.ok()) {
    if (worth_a_line(++unsolvable_)) log::error("logistic: {} ({} so far)", solved.status().ToString(), unsolvable_);
    return nullptr;
  }
  solved_ = std::make_unique<const LinearSolution>(*std::move(solved));
  return solved_.get();
}

void LogisticTrainer::learn(const pb::Outcome& outcome) {
  if (!may_learn(outcome, "logistic", ignored_)) return;
  static constexpr std::array<float, features::kFeatureCount> kNothing{};
  const double weight = statistics_.weight_at(outcome.decision_ms());
  solved_.reset();  // it was of another time
  const LinearSolution* now = solution();
  const LinearWeights weights = now == nullptr ? LinearWeights{} : now->weights;
  const std::vector<double> examination = statistics_.examination(options_.position_prior);
  const double offset = log_odds_of(options_.first_rate);
  for (int k = 0; k < outcome.slots_size(); ++k) {
    const auto& slot = outcome.slots(k);
    if (!slot.exposed()) continue;
    const double clicked = cut(slot.reward());
    const double unlearned = clicked - (slot.newly_exposed() ? 0 : cut(slot.previous_reward()));
    if (!slot.newly_exposed() && unlearned == 0) continue;
    const float* x = slot.features().data();
    const auto position = std::min<std::size_t>(static_cast<std::size_t>(k), LinearStatistics::kPositions - 1);
    if (outcome.randomised())
      statistics_.add(position, kNothing.data(), weight, slot.newly_exposed(), unlearned, 0, true);
    if (!slot.newly_exposed()) {
      statistics_.add(0, x, weight, false, unlearned, 0, false);
      continue;
    }
    ++slots_learned_;
    double log_odds = 0;
    for (std::size_t j = 0; j < features::kFeatureCount; ++j) log_odds += weights[j] * static_cast<double>(x[j]);
    log_odds = std::clamp(log_odds, -kMostLogOdds, kMostLogOdds);
    const double p = sigmoid(offset + std::log(examination[position]) + log_odds);
    const double curvature = p * (1 - p);
    statistics_.add(0, x, weight * curvature, true, (clicked - p) / curvature + log_odds, 0, false);
  }
  solved_.reset();
  stale_ = true;
}

std::shared_ptr<const Scorer> LogisticTrainer::scorer() {
  if (!stale_) return scorer_;
  if (const LinearSolution* now = solution(); now != nullptr) {
    scorer_ = std::make_shared<LogisticScorer>(*now, options_, slots_learned_);
    stale_ = false;
  }
  return scorer_;
}

std::string LogisticTrainer::save() const {
  pb::LogisticState state;
  statistics_.save(*state.mutable_sums());
  state.mutable_sums()->set_slots_learned(slots_learned_);
  return state.SerializeAsString();
}

absl::Status LogisticTrainer::load(std::string_view state) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::LogisticState parsed, parse(state));
  RIFFLE_RETURN_IF_ERROR(annotate(statistics_.load(parsed.sums()), "logistic"));
  slots_learned_ = parsed.sums().slots_learned();
  solved_.reset();
  stale_ = true;
  return absl::OkStatus();
}

std::vector<TrainerIncident> LogisticTrainer::incidents() const { return {{"unsolvable", unsolvable_}}; }

absl::StatusOr<std::shared_ptr<const Scorer>> logistic_scorer(std::string_view state, const LogisticOptions& options) {
  LinearStatistics statistics(options.half_life);
  std::uint64_t slots_learned = 0;
  if (!state.empty()) {
    RIFFLE_ASSIGN_OR_RETURN(const pb::LogisticState parsed, parse(state));
    RIFFLE_RETURN_IF_ERROR(annotate(statistics.load(parsed.sums()), "logistic"));
    slots_learned = parsed.sums().slots_learned();
  }
  RIFFLE_ASSIGN_OR_RETURN(const LinearSolution solution, statistics.solve(options.ridge, options.position_prior));
  return std::make_shared<const LogisticScorer>(solution, options, slots_learned);
}

}  // namespace riffle::learner
