#include "serving/slate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "serving/vector_lanes.h"

namespace riffle::serving {

std::string_view explorer_of(const PolicyOptions& policy) {
  return policy.scorer == "random" ? std::string_view("uniform") : std::string_view(policy.explorer.kind);
}

void find_arms(const PolicyOptions& policy, const learner::PolicyVersion* version, std::string_view segment, double explore,
               std::vector<learner::WeightArm>& out) {
  out.clear();
  if (policy.diversifier.kind == "none" || policy.diversifier.adapt.kind == "none") return;
  if (version && version->weights) return version->weights->arms(segment, explore, out);
  learner::DiversityWeights(learned_policy(policy).weight).arms(segment, explore, out);
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
  lifted_ = false;
  if (input.policy->caps.empty()) {
    allowed_ = remaining_;
    return;
  }
  allowed_.clear();
  std::copy_if(remaining_.begin(), remaining_.end(), std::back_inserter(allowed_),
               [&](std::uint32_t candidate) { return caps_.allows(candidate); });
  if (!allowed_.empty()) return;
  allowed_ = remaining_;
  lifted_ = slate_.caps_lifted = true;
}

std::span<const std::uint32_t> SlateBuilder::filled() {
  filled_.clear();
  for (const FilledSlot& slot : slate_.slots) filled_.push_back(slot.candidate);
  return filled_;
}

// The columns of a shortlist that has just been made.
void SlateBuilder::begin(const SlateInput& input, Diversifier& diversifier) {
  const std::size_t count = shortlist_.size();
  const auto ceiling = static_cast<float>(input.policy->reward_ceiling);
  relevance_.assign(padded(count), -std::numeric_limits<float>::infinity());
  gains_.assign(padded(count), 0.f);
  utility_.resize(padded(count));
  const std::span<const float> scores = shortlist_.scores(), draws = shortlist_.draws();
  bonus_.resize(draws.empty() && shortlist_.widths().empty() ? 0 : count);
  for (std::size_t i = 0; i < count; ++i) relevance_[i] = std::clamp(scores[i] / ceiling, 0.f, 1.f);
  draws_.resize(draws.size());
  std::transform(draws.begin(), draws.end(), draws_.begin(), [&](float draw) { return draw / ceiling; });
  diversifier.reset({.kernels = shortlist_.kernels(),
                     .category_paths = shortlist_.category_paths(),
                     .tastes = input.tastes,
                     .options = &input.policy->diversifier,
                     .all_paths = shortlist_.whole() ? std::span<const std::span<const CategoryKey>>() : input.category_paths});
  left_.clear();
  if (shortlist_.whole()) return;
  for (const std::uint32_t candidate : filled()) {
    const std::uint32_t place = *shortlist_.place_of(candidate);
    relevance_[place] = -std::numeric_limits<float>::infinity();
    diversifier.add(place);
  }
  for (std::uint32_t place = 0; place < count; ++place)
    if (relevance_[place] >= 0) left_.push_back(place);
}

// Which of the shortlist's places are allowed.
void SlateBuilder::open(const SlateInput& input) {
  open_.clear();
  const bool all = lifted_ || input.policy->caps.empty();
  std::copy_if(left_.begin(), left_.end(), std::back_inserter(open_),
               [&](std::uint32_t place) { return all || caps_.allows(shortlist_.candidate(place)); });
}

// u of everything that may be put into the next slot, −∞ for the rest. What fills a slot already has a relevance of −∞.
void SlateBuilder::mask(double diversity) {
  const auto weight = static_cast<float>(diversity);
  for (std::size_t i = 0; i < utility_.size(); i += kLanes) {
    FloatLanes relevance, gain;
    load_lanes(relevance, relevance_.data() + i);
    load_lanes(gain, gains_.data() + i);
    store_lanes(relevance + weight * gain, utility_.data() + i);
  }
  const std::vector<std::uint32_t>& places = shortlist_.whole() ? remaining_ : left_;
  const std::vector<std::uint32_t>& open = shortlist_.whole() ? allowed_ : open_;
  if (open.size() == places.size()) return;
  auto next = open.begin();
  for (const std::uint32_t place : places) {  // both in the order of places
    if (next != open.end() && *next == place) {
      ++next;
    } else {
      utility_[place] = -std::numeric_limits<float>::infinity();
    }
  }
}

// By λ, the distribution of the next slot. Gains and what is allowed are there.
void SlateBuilder::distribute(const SlateInput& input, Explorer& chooser, double diversity, Distribution& out) {
  const std::vector<std::uint32_t>& open = shortlist_.whole() ? allowed_ : open_;
  mask(diversity);
  for (std::size_t i = 0; i < bonus_.size(); ++i) bonus_[i] = static_cast<float>(diversity) * gains_[i];
  chooser.distribute(input.policy->explorer,
                     {.utility = std::span(utility_).first(shortlist_.size()),
                      .keys = shortlist_.keys(),
                      .allowed = open,
                      .masked = utility_,
                      .slots_learned = input.slots_learned,
                      .draws = draws_,
                      .bonus = bonus_,
                      .widths = shortlist_.widths()},
                     out);
  shortlist_.widen(out, open.size(), allowed_.size());
  scale_exploration(out, input.explore);
}

// What the slot is drawn from by who does not know which arm makes the list.
void SlateBuilder::mix() {
  const auto likeliest = std::max_element(likelihoods_.begin(), likelihoods_.end()) - likelihoods_.begin();
  mixture_.clear(distributions_[static_cast<std::size_t>(likeliest)].best);
  for (std::size_t arm = 0; arm < likelihoods_.size(); ++arm) {
    mixture_.everywhere += likelihoods_[arm] * distributions_[arm].everywhere;
    for (const auto& peak : distributions_[arm].peaks) {
      const auto met = std::find_if(mixture_.peaks.begin(), mixture_.peaks.end(),
                                    [&](const auto& known) { return known.first == peak.first; });
      if (met == mixture_.peaks.end()) {
        mixture_.peaks.emplace_back(peak.first, likelihoods_[arm] * peak.second);
      } else {
        met->second += likelihoods_[arm] * peak.second;
      }
    }
  }
}

// How likely each arm has made the slots, the chosen one included. What none could have made leaves them as they were.
void SlateBuilder::settle(std::uint32_t chosen) {
  double all = 0;
  for (std::size_t arm = 0; arm < likelihoods_.size(); ++arm) {
    const double p = probability(distributions_[arm], chosen);
    slate_.log_propensities[arm] += std::log(p);
    all += likelihoods_[arm] * p;
  }
  slate_.slots.back().propensity = all;
  if (!(all > 0)) return;
  for (std::size_t arm = 0; arm < likelihoods_.size(); ++arm)
    likelihoods_[arm] *= probability(distributions_[arm], chosen) / all;
}

const Slate& SlateBuilder::fill(const SlateInput& input, Rng& rng) {
  std::size_t drawn = 0;
  if (input.arms.size() > 1) {
    double rest = rng.uniform();
    for (std::size_t arm = 0; arm < input.arms.size() && rest >= 0; ++arm) {
      if (!(input.arms[arm].probability > 0)) continue;
      drawn = arm;  // the last of them where rounding carries us past it
      rest -= input.arms[arm].probability;
    }
  }
  return fill_with(input, drawn, [&rng](const Distribution& distribution, std::span<const std::uint32_t> allowed) {
    return draw(distribution, allowed, rng);
  });
}

const Slate& SlateBuilder::walk(const SlateInput& input, const NextCandidate& next) {
  return fill_with(input, std::nullopt, next);
}

template <class Next>
const Slate& SlateBuilder::fill_with(const SlateInput& input, std::optional<std::size_t> drawn, const Next& next) {
  const PolicyOptions& policy = *input.policy;
  Explorer& chooser = explorer(policy);
  const auto diversifier = diversifiers_.find(policy.diversifier.kind);
  RIFFLE_CHECK(diversifier != diversifiers_.end(), "diversifier", policy.diversifier.kind);
  RIFFLE_CHECK(policy.reward_ceiling > 0, "reward_ceiling", policy.reward_ceiling);
  weights_.assign(1, input.diversity);
  likelihoods_.assign(1, 1.0);
  if (!input.arms.empty()) {
    weights_.clear(), likelihoods_.clear();
    for (const learner::WeightArm& arm : input.arms) weights_.push_back(arm.weight), likelihoods_.push_back(arm.probability);
  }
  if (distributions_.size() < weights_.size()) distributions_.resize(weights_.size());

  const std::size_t count = input.keys.size();
  slate_ = Slate{.slots = std::move(slate_.slots)};
  slate_.slots.clear();
  slate_.log_propensities.assign(input.arms.size(), 0.0);
  slate_.arm = drawn.value_or(0);
  remaining_.resize(count);
  std::iota(remaining_.begin(), remaining_.end(), 0);
  if (!policy.caps.empty()) caps_.reset(policy.caps, input.category_paths);
  if (policy.shortlist == 0 || count <= policy.shortlist) {
    shortlist_.take_all(input);
  } else {
    shortlist_.take_best(input, remaining_, {});
  }
  begin(input, *diversifier->second);

  const std::size_t slots = std::min(input.slots, count);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    allow(input);
    if (!shortlist_.whole()) open(input);
    if (!shortlist_.whole() && open_.empty()) {  // the list is longer than that, or caps leave nothing of it
      shortlist_.take_best(input, allowed_, filled());
      begin(input, *diversifier->second);
      open(input);
    }
    diversifier->second->gains(std::span(gains_).first(shortlist_.size()));
    for (std::size_t arm = 0; arm < weights_.size(); ++arm) distribute(input, chooser, weights_[arm], distributions_[arm]);
    const bool mixed = !drawn && weights_.size() > 1;
    if (mixed) mix();
    const Distribution& distribution = mixed ? mixture_ : distributions_[drawn.value_or(0)];
    const std::uint32_t chosen = next(distribution, allowed_);
    if (!shortlist_.place_of(chosen)) {
      shortlist_.take_in(input, chosen);
      begin(input, *diversifier->second);
      diversifier->second->gains(std::span(gains_).first(shortlist_.size()));
    }
    const std::uint32_t place = *shortlist_.place_of(chosen);
    slate_.slots.push_back({.candidate = chosen,
                            .propensity = probability(distribution, chosen),
                            .gain = gains_[place],
                            .allowed = static_cast<std::uint32_t>(allowed_.size()),
                            .greedy = chosen == distribution.best});
    if (!input.arms.empty()) settle(chosen);
    slate_.propensity *= slate_.slots.back().propensity;
    relevance_[place] = -std::numeric_limits<float>::infinity();
    remaining_.erase(std::find(remaining_.begin(), remaining_.end(), chosen));
    if (!shortlist_.whole()) left_.erase(std::find(left_.begin(), left_.end(), place));
    if (!policy.caps.empty()) caps_.add(chosen);
    if (slot + 1 < slots) diversifier->second->add(place);
  }
  slate_.randomised = explorer_of(policy) == "uniform" && input.explore == 1 && !slate_.slots.empty();
  return slate_;
}

}  // namespace riffle::serving
