#include "evaluation/log_check.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "evaluation/targets/greedy_target.h"
#include "evaluation/targets/uniform_target.h"
#include "evaluation/weight_diagnostics.h"
#include "features/feature_vector.h"
#include "records/time_text.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kGroups = GroupSums::kGroups;

// SE of Σd/Σn over groups; none where there are fewer than two.
template <class Groups, class D, class N>
std::optional<double> error_of_mean(const Groups& groups, D&& d, N&& n) {
  double sum = 0, count = 0;
  std::size_t filled = 0;
  for (const auto& group : groups) {
    if (n(group) == 0) continue;
    sum += d(group);
    count += n(group);
    ++filled;
  }
  if (filled < 2) return std::nullopt;
  double squares = 0;
  for (const auto& group : groups) {
    if (n(group) == 0) continue;
    const double residual = d(group) - sum / count * n(group);
    squares += residual * residual;
  }
  const auto g = static_cast<double>(filled);
  return std::sqrt(g / (g - 1) * squares) / count;
}

}  // namespace

LogCheck::LogCheck() : groups_(kGroups) {
  references_.resize(2);
  references_[0].target = std::make_unique<UniformTarget>();
  references_[1].target = std::make_unique<GreedyTarget>();
  for (Reference& reference : references_) reference.figures.name = reference.target->description();
  for (Group& group : groups_) {
    group.difference.resize(references_.size());
    group.reference_rounds.resize(references_.size());
  }
}

void LogCheck::add(const LoggedRound& round) {
  ++sums_.rounds;
  sums_.slots += round.slots.size();
  sums_.shortest = sums_.rounds == 1 ? round.slots.size() : std::min(sums_.shortest, round.slots.size());
  sums_.longest = std::max(sums_.longest, round.slots.size());
  sums_.actions = std::max<std::uint64_t>(sums_.actions, round.actions);
  users_.add(round.cluster);
  busiest_.add(round.cluster);
  if (round.outcome != nullptr) ++sums_.logged_by[round.outcome->policy_id()];
  if (round.identity != 0 && recent_.add(round.identity)) ++sums_.repeats;
  check_propensities(round);
  check_time(round);
  check_features(round);
  check_rewards(round);
  // By another hash than the one that numbers users in other places.
  weigh(round, groups_[(round.cluster * 0x9E3779B97F4A7C15ULL) >> 52]);
}

void LogCheck::check_propensities(const LoggedRound& round) {
  usable_ = true;
  for (std::size_t k = 0; k < round.slots.size(); ++k) {
    const LoggedSlot& slot = round.slots[k];
    PositionFigures& position = sums_.positions[slot.position];
    ++position.slots;
    position.reward += slot.reward;
    position.rewarded += slot.reward != 0 ? 1 : 0;
    if (round.outcome == nullptr) shown_.insert(slot.action);
    const double p = slot.propensity;
    const bool good = p > 0 && p <= 1;
    usable_ &= good;
    if (!good) {
      ++(std::isnan(p) ? sums_.missing : p == 0 ? sums_.zero : p < 0 ? sums_.negative : sums_.above_one);
      continue;
    }
    position.smallest_propensity = std::min(position.smallest_propensity, p);
    sums_.smallest_propensity = std::min(sums_.smallest_propensity, p);
    sums_.small += p < kSmallPropensity ? 1 : 0;
    const std::uint64_t allowed = round.outcome ? round.outcome->slots(static_cast<int>(k)).allowed() : round.actions;
    sums_.certain += p == 1 && allowed != 1 ? 1 : 0;
  }
}

void LogCheck::check_time(const LoggedRound& round) {
  if (round.timestamp.empty()) return;
  ++sums_.timed;
  const auto time = records::parse_time(round.timestamp);
  if (!time) {
    ++sums_.bad_times;
    return;
  }
  const auto [newest, first] = newest_.emplace(round.outcome ? round.outcome->shard() : 0, *time);
  if (first) return;
  if (*time < newest->second) {
    ++sums_.backwards;
    sums_.largest_step_back_ms = std::max<std::int64_t>(sums_.largest_step_back_ms, (newest->second - *time).count());
  }
  newest->second = std::max(newest->second, *time);
}

void LogCheck::check_features(const LoggedRound& round) {
  if (round.outcome == nullptr) return;
  sums_.other_features += round.outcome->feature_fingerprint() != features::feature_fingerprint() ? 1 : 0;
  for (const pb::OutcomeSlot& slot : round.outcome->slots()) {
    const auto& features = slot.features();
    const bool finite = std::all_of(features.begin(), features.end(), [](float f) { return std::isfinite(f); });
    sums_.bad_features += !finite || features.empty() ? 1 : 0;
  }
}

void LogCheck::check_rewards(const LoggedRound& round) {
  double reward = 0;
  for (const LoggedSlot& slot : round.slots) reward += slot.reward;
  sums_.rewarded += reward != 0 ? 1 : 0;
  sums_.smallest_reward = sums_.rounds == 1 ? reward : std::min(sums_.smallest_reward, reward);
  sums_.largest_reward = sums_.rounds == 1 ? reward : std::max(sums_.largest_reward, reward);
  const double off = reward - reward_mean_;  // Welford
  reward_mean_ += off / static_cast<double>(sums_.rounds);
  reward_squares_ += off * (reward - reward_mean_);
  if (reward <= 0) return;
  positive_reward_ += reward;
  largest_.push_back(reward);
  std::push_heap(largest_.begin(), largest_.end(), std::greater<>());
  if (largest_.size() <= LogFigures::kLargest) return;
  std::pop_heap(largest_.begin(), largest_.end(), std::greater<>());
  largest_.pop_back();
}

void LogCheck::weigh(const LoggedRound& round, Group& group) {
  ++group.rounds;
  for (const LoggedSlot& slot : round.slots) group.reward += slot.reward;
  if (!usable_) return;
  for (std::size_t i = 0; i < references_.size(); ++i) {
    Reference& reference = references_[i];
    if (!reference.target->concerns(round)) continue;
    if (const auto why = reference.target->weigh(round, nullptr, 0, scratch_); !why.empty()) {
      ++reference.figures.unanswerable;
      reference.figures.unanswerable_why = why;
      continue;
    }
    double weight = 1, first = 1, difference = 0;
    for (std::size_t k = 0; k < round.slots.size(); ++k) {
      weight *= scratch_[k].probability / round.slots[k].propensity;
      if (k == 0) first = weight;
      difference += (weight - 1) * round.slots[k].reward;
    }
    ++reference.figures.rounds;
    reference.weight += weight, reference.squares += weight * weight;
    reference.first_weight += first, reference.first_squares += first * first;
    reference.figures.largest_weight = std::max(reference.figures.largest_weight, weight);
    reference.tail.add(weight);
    group.difference[i] += difference;
    ++group.reference_rounds[i];
  }
}

LogFigures LogCheck::figures() const {
  LogFigures figures = sums_;
  figures.users = std::min(users_.estimate(), static_cast<double>(sums_.rounds));
  figures.users_exact = users_.exact();
  figures.actions_shown = shown_.size();
  if (sums_.rounds == 0) return figures;
  const auto rounds = static_cast<double>(sums_.rounds);
  figures.mean_reward = reward_mean_;
  figures.reward_deviation = sums_.rounds > 1 ? std::sqrt(reward_squares_ / (rounds - 1)) : 0;
  figures.busiest_user_share = busiest_.at_least() / rounds;
  for (const double reward : largest_) figures.largest_rewards_share += reward / positive_reward_;
  const auto error = error_of_mean(
      groups_, [](const Group& g) { return g.reward; }, [](const Group& g) { return g.rounds; });
  if (error) figures.detectable_by_test = kDetectable * 2 * *error;
  for (std::size_t i = 0; i < references_.size(); ++i) {
    const Reference& reference = references_[i];
    ReferenceFigures of = reference.figures;
    of.ess = effective_sample_size(reference.weight, reference.squares);
    of.first_ess = effective_sample_size(reference.first_weight, reference.first_squares);
    of.mean_weight = of.rounds > 0 ? reference.weight / static_cast<double>(of.rounds) : 0;
    of.k_hat = reference.tail.k_hat();
    const auto se = error_of_mean(
        groups_, [i](const Group& g) { return g.difference[i]; },
        [i](const Group& g) { return g.reference_rounds[i]; });
    if (se) of.detectable = kDetectable * *se;
    figures.references.push_back(std::move(of));
  }
  return figures;
}

}  // namespace riffle::evaluation
