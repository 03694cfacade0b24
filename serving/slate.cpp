#include "serving/slate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace riffle::serving {

std::string_view explorer_of(const PolicyOptions& policy) {
  return policy.scorer == "random" ? std::string_view("uniform") : std::string_view(policy.explorer.kind);
}

SlateBuilder::SlateBuilder() {
  for (const std::string_view kind : explorer_kinds()) explorers_.emplace(std::string(kind), make_explorer(kind));
  for (const std::string_view kind : diversifier_kinds())
    diversifiers_.emplace(std::string(kind), make_diversifier(kind));
}

Explorer& SlateBuilder::explorer(const PolicyOptions& policy) const {
  const auto explorer = explorers_.find(std::string(explorer_of(policy)));
  RIFFLE_CHECK(explorer != explorers_.end(), "explorer", policy.explorer.kind);
  return *explorer->second;
}

ExplorerNeeds SlateBuilder::needs(const PolicyOptions& policy) const { return explorer(policy).needs(); }

// What may be put into the next slot: `allowed_`. Caps that leave nothing are lifted for this slot.
void SlateBuilder::allow(const SlateInput& input) {
  if (input.policy->caps.empty()) {
    allowed_ = remaining_;
    return;
  }
  allowed_.clear();
  std::copy_if(remaining_.begin(), remaining_.end(), std::back_inserter(allowed_),
               [&](std::uint32_t candidate) { return caps_.allows(candidate); });
  if (!allowed_.empty()) return;
  allowed_ = remaining_;
  slate_.caps_lifted = true;
}

const Slate& SlateBuilder::fill(const SlateInput& input, Rng& rng) {
  const PolicyOptions& policy = *input.policy;
  Explorer& chooser = explorer(policy);
  const auto diversifier = diversifiers_.find(policy.diversifier.kind);
  RIFFLE_CHECK(diversifier != diversifiers_.end(), "diversifier", policy.diversifier.kind);
  RIFFLE_CHECK(policy.reward_ceiling > 0, "reward_ceiling", policy.reward_ceiling);

  const std::size_t count = input.keys.size();
  slate_ = Slate{.slots = std::move(slate_.slots)};
  slate_.slots.clear();
  relevance_.resize(count);
  gains_.resize(count);
  bonus_.resize(count);
  utility_.resize(count);
  remaining_.resize(count);
  std::iota(remaining_.begin(), remaining_.end(), 0);
  const auto ceiling = static_cast<float>(policy.reward_ceiling);
  const auto weight = static_cast<float>(input.diversity);
  for (std::size_t i = 0; i < count; ++i) relevance_[i] = std::clamp(input.scores[i] / ceiling, 0.f, 1.f);
  draws_.resize(input.draws.size());
  std::transform(input.draws.begin(), input.draws.end(), draws_.begin(), [&](float draw) { return draw / ceiling; });
  diversifier->second->reset(input.kernels);
  if (!policy.caps.empty()) caps_.reset(policy.caps, input.category_paths);

  const std::size_t slots = std::min(input.slots, count);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    allow(input);
    diversifier->second->gains(gains_);
    for (std::size_t i = 0; i < count; ++i) {
      bonus_[i] = weight * gains_[i];
      utility_[i] = relevance_[i] + bonus_[i];
    }
    chooser.distribute(policy.explorer,
                       {.utility = utility_,
                        .keys = input.keys,
                        .allowed = allowed_,
                        .slots_learned = input.slots_learned,
                        .draws = draws_,
                        .bonus = bonus_,
                        .widths = input.widths},
                       distribution_);
    scale_exploration(distribution_, input.explore);
    const std::uint32_t chosen = draw(distribution_, allowed_, rng);
    slate_.slots.push_back({.candidate = chosen,
                            .propensity = probability(distribution_, chosen),
                            .gain = gains_[chosen],
                            .allowed = static_cast<std::uint32_t>(allowed_.size()),
                            .greedy = chosen == distribution_.best});
    slate_.propensity *= slate_.slots.back().propensity;
    remaining_.erase(std::find(remaining_.begin(), remaining_.end(), chosen));
    if (!policy.caps.empty()) caps_.add(chosen);
    if (slot + 1 < slots) diversifier->second->add(chosen);
  }
  slate_.randomised = explorer_of(policy) == "uniform" && input.explore == 1 && !slate_.slots.empty();
  return slate_;
}

}  // namespace riffle::serving
