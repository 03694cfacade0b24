// Logs whose truth is known: simulated shoppers (simulation/tastes.h) who are shown lists by an
// exploring policy, and the expected one-step reward of another policy at the same users' states.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "evaluation/estimators.h"
#include "evaluation/group_sums.h"
#include "evaluation/weight_diagnostics.h"
#include "simulation/shop.h"
#include "simulation/tastes.h"

namespace riffle::evaluation {

struct SimulatedLogOptions {
  std::size_t slots = 1;
  double uniform_share = 0;  // of the target: drawn evenly; else the best by the policy's scores
  std::size_t rounds = 3000;
  std::size_t users = 600;
  std::size_t candidates = 5;
};

struct SimulatedRun {
  std::vector<Stats> groups;
  double truth = 0;
  double ess = 0;
};

class SimulatedLog {
 public:
  explicit SimulatedLog(const SimulatedLogOptions& options)
      : options_(options), shop_(shop_options()), tastes_(shop_, shopper_options(options)) {}

  SimulatedRun run(std::uint64_t seed) const {
    Rng rng(seed);
    GroupSums sums;
    WeightDiagnostics weights;
    SimulatedRun run;
    for (std::size_t i = 0; i < options_.rounds; ++i) {
      const std::size_t user = rng.below(options_.users);
      begin_round(user, rng);
      run.truth += truth_from(0);
      std::vector<SlotTerms> terms;
      for (std::size_t slot = 0; slot < options_.slots; ++slot) terms.push_back(draw(slot, rng));
      const RoundTerms round{.slots = terms, .modelled = true};
      const double raw = add_round(round, {}, sums.of(user + 1));
      weights.add(round, 0, raw, 0);
    }
    run.truth /= static_cast<double>(options_.rounds);
    run.groups = sums.filled();
    run.ess = weights.ess();
    return run;
  }

 private:
  static simulation::ShopOptions shop_options() {
    simulation::ShopOptions options;
    options.items = 60;
    options.now = TimePoint(Milliseconds(1760000000000));
    return options;
  }
  static simulation::ShoppersOptions shopper_options(const SimulatedLogOptions& options) {
    simulation::ShoppersOptions shoppers;
    shoppers.users = options.users;
    shoppers.end = TimePoint(Milliseconds(1760000000000));
    shoppers.click_scale = 0.27;  // the default: what varies is who clicks, not only who is asked
    shoppers.sibling_taste = shoppers.other_taste = 0.3;
    return shoppers;
  }

  // The user's state: candidates with their click probabilities, and scores that err.
  void begin_round(std::size_t user, Rng& rng) const {
    clicks_.clear();
    scores_.clear();
    for (std::size_t c = 0; c < options_.candidates; ++c) {
      const std::size_t item = rng.below(shop_.size());
      clicks_.push_back(tastes_.attraction(user, item, TimePoint(Milliseconds(1759900000000))));
      scores_.push_back(0.5 * clicks_.back() + 0.2 * rng.uniform());
    }
    left_.resize(options_.candidates);
    std::iota(left_.begin(), left_.end(), std::size_t{0});
  }

  double click(std::size_t slot, std::size_t candidate) const {
    return tastes_.examination(slot) * clicks_[candidate];
  }
  std::size_t best() const {
    return *std::max_element(left_.begin(), left_.end(), [this](std::size_t a, std::size_t b) {
      return scores_[a] < scores_[b];
    });
  }
  // ε-greedy with much exploration logs; the target explores otherwise.
  double logging(std::size_t candidate) const {
    const double evenly = 1 / static_cast<double>(left_.size());
    return 0.6 * evenly + (candidate == best() ? 0.4 : 0.0);
  }
  double target(std::size_t candidate) const {
    const double evenly = 1 / static_cast<double>(left_.size());
    return options_.uniform_share * evenly +
           (candidate == best() ? 1 - options_.uniform_share : 0.0);
  }

  // Σ over all lists that the target makes from here on of their probability times their reward.
  double truth_from(std::size_t slot) const {
    if (slot == options_.slots) return 0;
    double value = 0;
    const std::vector<std::size_t> left = left_;
    for (const std::size_t candidate : left) {
      left_ = left;
      const double probability = target(candidate);
      if (probability == 0) continue;
      left_.erase(std::find(left_.begin(), left_.end(), candidate));
      value += probability * (click(slot, candidate) + truth_from(slot + 1));
    }
    left_ = left;
    return value;
  }

  SlotTerms draw(std::size_t slot, Rng& rng) const {
    SlotTerms terms;
    double u = rng.uniform();
    std::size_t chosen = left_.back();
    for (const std::size_t candidate : left_) {
      const double p = logging(candidate);
      if (u < p) {
        chosen = candidate;
        break;
      }
      u -= p;
    }
    terms.target = target(chosen);
    terms.propensity = logging(chosen);
    terms.reward = rng.uniform() < click(slot, chosen) ? 1 : 0;
    // A model that knows half of the truth, and was not fitted on this round.
    terms.q = 0.5 * scores_[chosen];
    for (const std::size_t candidate : left_)
      terms.v += target(candidate) * 0.5 * scores_[candidate];
    left_.erase(std::find(left_.begin(), left_.end(), chosen));
    return terms;
  }

  SimulatedLogOptions options_;
  simulation::Shop shop_;
  simulation::Tastes tastes_;
  mutable std::vector<double> clicks_, scores_;
  mutable std::vector<std::size_t> left_;
};

}  // namespace riffle::evaluation
