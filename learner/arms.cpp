#include "learner/arms.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/errors.h"
#include "learner/beta.h"
#include "learner/least_counted.h"

namespace riffle::learner {
namespace {

// What an item earns before anything was shown; worth one slot.
constexpr double kFirstMean = 0.05;
// Of a Beta distribution's parameters: an item that earned nothing, or all that it could.
constexpr double kLeastShape = 1e-3;

// Beyond this many slots draws differ in no digit that a float has.
constexpr double kMostSlots = 1e12;

// Of sums in a state that somebody else wrote: a share, whatever they are.
double share(double reward, double count) {
  const double ratio = reward / count;
  return std::isfinite(ratio) ? std::clamp(ratio, 0.0, 1.0) : 0.0;
}

double cut(double reward) { return std::clamp(reward, 0.0, 1.0); }

absl::StatusOr<pb::ArmsState> parse(std::string_view state) {
  pb::ArmsState parsed;
  if (!parsed.ParseFromArray(state.data(), static_cast<int>(state.size())))
    return absl::InvalidArgumentError("arms state is not an ArmsState message");
  return parsed;
}

}  // namespace

ArmsScorer::ArmsScorer(const std::vector<std::pair<ItemKey, ArmSums>>& arms, const ArmsOptions& options,
                       std::uint64_t seed)
    : draws_each_(options.draws.count) {
  ArmSums all{1, kFirstMean};
  for (const auto& [item, sums] : arms) {
    all.count += sums.count;
    all.reward += sums.reward;
  }
  const double mean = share(all.reward, all.count);
  draws_.reserve((arms.size() + 1) * draws_each_);
  arms_.reserve(arms.size());
  unseen_ = make({}, options, mean, seed);
  for (const auto& [item, sums] : arms) arms_.emplace(item, make(sums, options, mean, seed ^ item.value()));
}

ArmsScorer::Arm ArmsScorer::make(const ArmSums& sums, const ArmsOptions& options, double mean, std::uint64_t seed) {
  const double slots = std::min(sums.count + options.prior_slots, kMostSlots);
  const double estimate = share(sums.reward + options.prior_slots * mean, slots);
  const Arm arm{.mean = static_cast<float>(estimate),
                .width = static_cast<float>(1 / std::sqrt(slots)),
                .draws = static_cast<std::uint32_t>(draws_.size())};
  const double weight = std::min(slots / (options.draws.scale * options.draws.scale), kMostSlots);
  Rng rng(seed);
  for (std::size_t s = 0; s < draws_each_; ++s)
    draws_.push_back(static_cast<float>(beta_draw(rng, std::max(weight * estimate, kLeastShape),
                                                  std::max(weight * (1 - estimate), kLeastShape))));
  return arm;
}

const ArmsScorer::Arm& ArmsScorer::arm_of(const ScoringBatch& batch, std::size_t candidate) const {
  if (batch.items.empty()) return unseen_;
  const auto found = arms_.find(batch.items[candidate]);
  return found == arms_.end() ? unseen_ : found->second;
}

void ArmsScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(scores.size() == batch.count(), "candidates", batch.count(), "scores", scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = arm_of(batch, i).mean;
}

void ArmsScorer::score_draws(const ScoringBatch& batch, std::span<float> draws) const {
  RIFFLE_CHECK(draws.size() == batch.count() * draws_each_, "draws", draws.size(), "candidates", batch.count());
  for (std::size_t i = 0; i < batch.count(); ++i)
    std::copy_n(draws_.begin() + arm_of(batch, i).draws, draws_each_,
                draws.begin() + static_cast<std::ptrdiff_t>(i * draws_each_));
}

void ArmsScorer::score_widths(const ScoringBatch& batch, std::span<float> widths) const {
  RIFFLE_CHECK(widths.size() == batch.count(), "candidates", batch.count(), "widths", widths.size());
  for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = arm_of(batch, i).width;
}

ArmsTrainer::ArmsTrainer(const ArmsOptions& options) : options_(options), forgetting_(options.half_life) {}

void ArmsTrainer::learn(const pb::Outcome& outcome) {
  if (!may_learn(outcome, "arms", ignored_)) return;
  scorer_.reset();
  const double weight = forgetting_.weight_at(outcome.decision_ms(), [this](double factor) { scale(factor); });
  for (const auto& slot : outcome.slots()) {
    if (!slot.exposed()) continue;
    const double before = slot.newly_exposed() ? 0 : cut(slot.previous_reward());
    const double reward = cut(slot.reward()) - before;
    if (!slot.newly_exposed() && reward == 0) continue;
    slots_learned_ += slot.newly_exposed();
    auto found = arms_.find(ItemKey(slot.item_key()));
    if (found == arms_.end()) {
      if (!slot.newly_exposed()) continue;  // a correction of what was evicted
      make_room();
      found = arms_.emplace(ItemKey(slot.item_key()), ArmSums()).first;
    }
    if (slot.newly_exposed()) found->second.count += weight;
    found->second.reward += weight * reward;
  }
}

void ArmsTrainer::scale(double factor) {
  for (auto& [item, sums] : arms_) {
    sums.count *= factor;
    sums.reward *= factor;
  }
}

void ArmsTrainer::make_room() {
  if (arms_.size() < options_.max_items) return;
  for (const ItemKey item : least_counted(arms_, arms_.size() + 1 - options_.max_items + options_.max_items / 8,
                                          [](const ArmSums& sums) { return sums.count; })) {
    arms_.erase(item);
    ++evicted_;
  }
}

std::vector<std::pair<ItemKey, ArmSums>> ArmsTrainer::sorted() const {
  std::vector<std::pair<ItemKey, ArmSums>> arms(arms_.begin(), arms_.end());
  std::sort(arms.begin(), arms.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return arms;
}

std::shared_ptr<const Scorer> ArmsTrainer::scorer() {
  if (!scorer_) {
    auto arms = sorted();
    const double now = 1.0 / forgetting_.latest_weight();
    for (auto& [item, sums] : arms) {
      sums.count *= now;
      sums.reward *= now;
    }
    scorer_ = std::make_shared<ArmsScorer>(arms, options_, slots_learned_);
  }
  return scorer_;
}

std::string ArmsTrainer::save() const {
  pb::ArmsState state;
  for (const auto& [item, sums] : sorted()) {
    auto& out = *state.add_arms();
    out.set_item_key(item.value());
    out.set_count(sums.count);
    out.set_reward(sums.reward);
  }
  forgetting_.save(state);
  state.set_slots_learned(slots_learned_);
  return state.SerializeAsString();
}

absl::Status ArmsTrainer::load(std::string_view state) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::ArmsState parsed, parse(state));
  ArmsTrainer loaded(options_);
  for (const auto& arm : parsed.arms()) {
    if (!std::isfinite(arm.count()) || !std::isfinite(arm.reward()) || arm.count() < 0)
      return absl::InvalidArgumentError("arms state holds a number that cannot be");
    if (!loaded.arms_.emplace(ItemKey(arm.item_key()), ArmSums{arm.count(), arm.reward()}).second)
      return absl::InvalidArgumentError("arms state holds an item twice");
  }
  const auto times = loaded.forgetting_.load(parsed, [&](double factor) { loaded.scale(factor); });
  RIFFLE_RETURN_IF_ERROR(annotate(times, "arms state"));
  forgetting_ = loaded.forgetting_;
  arms_ = std::move(loaded.arms_);
  slots_learned_ = parsed.slots_learned();
  scorer_.reset();
  return absl::OkStatus();
}

std::vector<TrainerIncident> ArmsTrainer::incidents() const { return {{"items_evicted", evicted_}}; }

absl::StatusOr<std::shared_ptr<const Scorer>> arms_scorer(std::string_view state, const ArmsOptions& options) {
  ArmsTrainer trainer(options);
  if (!state.empty()) RIFFLE_RETURN_IF_ERROR(trainer.load(state));
  return trainer.scorer();
}

}  // namespace riffle::learner
