#include "serving/list_terms.h"

#include <algorithm>
#include <cmath>

namespace riffle::serving {
namespace {

// Of the slot's item to what is above it.
double distance(const Slate& slate, std::size_t slot, const CandidateBatch& batch) {
  const features::KernelVector* own = batch.kernels()[slate.slots[slot].candidate];
  float nearest = 0;
  for (std::size_t above = 0; above < slot; ++above) {
    const features::KernelVector* other = batch.kernels()[slate.slots[above].candidate];
    if (own && other) nearest = std::max(nearest, features::kernel_similarity(*own, *other));
  }
  return 1 - nearest;
}

// Of an amount of popularity, at least none.
double level(double popularity) { return std::log1p(std::max(popularity, 0.0)); }

}  // namespace

void add_bonuses(const features::RewardOptions& reward, const Slate& slate, const std::vector<Candidate>& candidates,
                 const CandidateBatch& batch, CandidatePool& pool, const features::ItemStatsSnapshot* stats,
                 pb::Decision& decision) {
  if (reward.diversity == 0 && reward.novelty == 0) return;
  double most = 0;
  if (stats && !stats->popular.empty()) most = level(pool.signals(pool.resolve(stats->popular.front())).popularity());
  for (std::size_t i = 0; i < slate.slots.size(); ++i) {
    double bonus = reward.diversity == 0 ? 0 : reward.diversity * distance(slate, i, batch);
    if (reward.novelty != 0) {
      const double popularity = pool.signals(candidates[slate.slots[i].candidate].item).popularity();
      bonus += reward.novelty * (most > 0 ? std::clamp(1 - level(popularity) / most, 0.0, 1.0) : 1.0);
    }
    decision.mutable_slots(static_cast<int>(i))->set_bonus(bonus);
  }
}

}  // namespace riffle::serving
