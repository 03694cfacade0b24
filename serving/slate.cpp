#include "serving/slate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "serving/vector_lanes.h"

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

// u of everything that may be put into the next slot, −∞ for the rest. What fills a slot already has a relevance of −∞.
void SlateBuilder::mask(const SlateInput& input) {
  const auto weight = static_cast<float>(input.diversity);
  for (std::size_t i = 0; i < utility_.size(); i += kLanes) {
    FloatLanes relevance, gain;
    load_lanes(relevance, relevance_.data() + i);
    load_lanes(gain, gains_.data() + i);
    store_lanes(relevance + weight * gain, utility_.data() + i);
  }
  if (allowed_.size() == remaining_.size()) return;
  auto allowed = allowed_.begin();
  for (const std::uint32_t candidate : remaining_) {  // both in the order of places
    if (allowed != allowed_.end() && *allowed == candidate) {
      ++allowed;
    } else {
      utility_[candidate] = -std::numeric_limits<float>::infinity();
    }
  }
}

const Slate& SlateBuilder::fill(const SlateInput& input, Rng& rng) {
  return fill_with(input, [&rng](const Distribution& distribution, std::span<const std::uint32_t> allowed) {
    return draw(distribution, allowed, rng);
  });
}

const Slate& SlateBuilder::walk(const SlateInput& input, const NextCandidate& next) { return fill_with(input, next); }

template <class Next>
const Slate& SlateBuilder::fill_with(const SlateInput& input, const Next& next) {
  const PolicyOptions& policy = *input.policy;
  Explorer& chooser = explorer(policy);
  const auto diversifier = diversifiers_.find(policy.diversifier.kind);
  RIFFLE_CHECK(diversifier != diversifiers_.end(), "diversifier", policy.diversifier.kind);
  RIFFLE_CHECK(policy.reward_ceiling > 0, "reward_ceiling", policy.reward_ceiling);

  const std::size_t count = input.keys.size();
  slate_ = Slate{.slots = std::move(slate_.slots)};
  slate_.slots.clear();
  relevance_.assign(padded(count), -std::numeric_limits<float>::infinity());
  gains_.assign(padded(count), 0.f);
  utility_.resize(padded(count));
  bonus_.resize(input.draws.empty() && input.widths.empty() ? 0 : count);
  remaining_.resize(count);
  std::iota(remaining_.begin(), remaining_.end(), 0);
  const auto ceiling = static_cast<float>(policy.reward_ceiling);
  for (std::size_t i = 0; i < count; ++i) relevance_[i] = std::clamp(input.scores[i] / ceiling, 0.f, 1.f);
  draws_.resize(input.draws.size());
  std::transform(input.draws.begin(), input.draws.end(), draws_.begin(), [&](float draw) { return draw / ceiling; });
  diversifier->second->reset(input.kernels);
  if (!policy.caps.empty()) caps_.reset(policy.caps, input.category_paths);

  const std::size_t slots = std::min(input.slots, count);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    allow(input);
    diversifier->second->gains(std::span(gains_).first(count));
    mask(input);
    for (std::size_t i = 0; i < bonus_.size(); ++i) bonus_[i] = static_cast<float>(input.diversity) * gains_[i];
    chooser.distribute(policy.explorer,
                       {.utility = std::span(utility_).first(count),
                        .keys = input.keys,
                        .allowed = allowed_,
                        .masked = utility_,
                        .slots_learned = input.slots_learned,
                        .draws = draws_,
                        .bonus = bonus_,
                        .widths = input.widths},
                       distribution_);
    scale_exploration(distribution_, input.explore);
    const std::uint32_t chosen = next(distribution_, allowed_);
    slate_.slots.push_back({.candidate = chosen,
                            .propensity = probability(distribution_, chosen),
                            .gain = gains_[chosen],
                            .allowed = static_cast<std::uint32_t>(allowed_.size()),
                            .greedy = chosen == distribution_.best});
    slate_.propensity *= slate_.slots.back().propensity;
    relevance_[chosen] = -std::numeric_limits<float>::infinity();
    remaining_.erase(std::find(remaining_.begin(), remaining_.end(), chosen));
    if (!policy.caps.empty()) caps_.add(chosen);
    if (slot + 1 < slots) diversifier->second->add(chosen);
  }
  slate_.randomised = explorer_of(policy) == "uniform" && input.explore == 1 && !slate_.slots.empty();
  return slate_;
}

}  // namespace riffle::serving
