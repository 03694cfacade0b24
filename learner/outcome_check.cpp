#include "learner/outcome_check.h"

#include <bit>
#include <cmath>

#include "base/log.h"
#include "features/feature_vector.h"

namespace riffle::learner {
namespace {

constexpr std::int64_t kLatestMs = 100'000'000'000'000;

// NaN and infinities have larger magnitude bits than every bound; comparing bits needs no branch for them.
bool within_bound(const float* features) {
  constexpr auto bound = std::bit_cast<std::uint32_t>(kLargestFeature);
  std::uint32_t beyond = 0;
  for (std::size_t i = 0; i < features::kFeatureCount; ++i)
    beyond |= (std::bit_cast<std::uint32_t>(features[i]) & 0x7fffffffU) > bound ? 1U : 0U;
  return beyond == 0;
}

bool sound_reward(double reward) { return std::abs(reward) <= kLargestReward; }  // false for NaN

}  // namespace

std::string_view outcome_problem(const pb::Outcome& outcome) {
  if (outcome.feature_fingerprint() != features::feature_fingerprint()) return "foreign_features";
  if (outcome.decision_ms() <= 0 || outcome.decision_ms() > kLatestMs) return "bad_time";
  for (const auto& slot : outcome.slots()) {
    if (!sound_reward(slot.reward()) || !sound_reward(slot.previous_reward())) return "bad_reward";
    // A slot without features has nothing to say as long as nothing of it is to be learned.
    const bool learned_from = slot.newly_exposed() || (slot.exposed() && slot.reward() != slot.previous_reward());
    if (slot.features_size() == 0 && !learned_from) continue;
    if (slot.features_size() != static_cast<int>(features::kFeatureCount) || !within_bound(slot.features().data()))
      return "bad_features";
  }
  return {};
}

bool may_learn(const pb::Outcome& outcome, std::string_view scorer, std::uint64_t& ignored) {
  const std::string_view problem = outcome_problem(outcome);
  if (problem.empty()) return true;
  if (worth_a_line(++ignored))
    log::warn("{}: outcome of {} ignored: {} ({} so far)", scorer, outcome.recommendation_id(), problem, ignored);
  return false;
}

}  // namespace riffle::learner
