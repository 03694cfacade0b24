// The off-policy estimators, as functions of a few sums over the rounds. With, of round i,
//
//   w_k    = π_e(a_k | x, slots above) / π_b(the same)          r_k the slot's reward
//   W      = Π_k w_k,  w_{1:k} the product down to slot k        R = Σ_k r_k
//   q_k    = q̂(x, a_k, k),  v_k = Σ_a π_e(a | x, slots above)·q̂(x, a, k)
//
// and Σ over the rounds, n of them. Rounds with one slot:
//
//   replay      Σ 1[a = π_e(x)]·r / Σ 1[a = π_e(x)]   Li et al. 2011 §4: even logging, π_e deterministic
//   dm          Σ v / n                               direct method
//   ips         Σ w·r / n                             Horvitz & Thompson 1952; Precup et al. 2000
//   snips       Σ w·r / Σ w                           Swaminathan & Joachims 2015
//   dr          Σ [v + w·(r − q)] / n                 Dudík et al. 2014
//   sndr        Σ v / n + Σ w·(r − q) / Σ w           Thomas & Brunskill 2016; OBP's form
//   dros        Σ [v + λw/(w² + λ)·(r − q)] / n       Su et al. 2020, optimistic shrinkage
//
// Slates (the value is the list's whole reward):
//
//   sips        Σ W·R / n
//   snsips      Σ W·R / Σ W
//   rips        Σ Σ_k w_{1:k}·r_k / n                 McInerney et al. 2020
//   cascade-dr  Σ Σ_k [w_{1:k}·(r_k − Q_k) + w_{1:k−1}·V_k] / n     Kiyohara et al. 2022
//               with Q_k = q_k + b_k and V_k = v_k + b_k, b_k what the slots below k earn on average
//
// Slates, of rounds whose marginal propensities are known (evaluation/slate_sampler.h). With W_k the ratio of the two policies'
// marginals of a_k in slot k, and V = Σ_k Σ_a P_e(a in slot k | x)·q̂(x, a, k):
//
//   iips        Σ Σ_k W_k·r_k / n                     Li et al. 2018, item-position model: a slot's reward depends
//                                                     on its item and position alone
//   slate-dm    Σ V / n                               direct method, additive over slots (Swaminathan et al. 2017)
//
// A clip c puts min(w, c) (and min(w_{1:k}, c)) in the place of the weights, here and in OBP (λ there).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace riffle::evaluation {

enum class Estimator {
  kReplay,
  kDm,
  kIps,
  kSnips,
  kDr,
  kSndr,
  kDros,
  kSips,
  kSnsips,
  kRips,
  kCascadeDr,
  kIips,
  kSlateDm
};

struct EstimatorFacts {
  Estimator estimator;
  std::string_view name;
  bool of_slates;        // else of rounds with one slot
  bool needs_model;
  bool uses_weights;
  bool self_normalised;  // a ratio of sums: no empirical Bernstein interval
  bool by_marginals;     // of slots, whatever is above: another share of the rounds, and other weights
};
std::span<const EstimatorFacts> all_estimators();
const EstimatorFacts& facts_of(Estimator estimator);
std::optional<Estimator> estimator_named(std::string_view name);

// λ of dros, among which SLOPE chooses (Su, Srinath & Krishnamurthy 2020); OBP's grid of tuning.
constexpr std::array<double, 9> kShrinkage = {1, 5, 10, 50, 100, 500, 1000, 5000, 10000};

// What one round adds to the sums, of whatever it has.
enum Stat : std::size_t {
  kRounds,
  kReward,           // R
  kRawWeight,        // W before it is clipped
  kWeight,           // W
  kWeighted,         // W·R
  kPrefixWeighted,   // Σ_k w_{1:k}·r_k
  kMatched,          // 1[w > 0]
  kMatchedReward,
  kModelled,         // v
  kResidual,         // w·(r − q)
  kCascade,
  kMarginalRounds,
  kMarginalSlots,    // of those
  kMarginalWeight,   // Σ_k W_k
  kMarginalWeighted,  // Σ_k W_k·r_k
  kSlateModelledRounds,
  kSlateModelled,    // V
  kShrunk,           // of the first λ; the others follow
  kStats = kShrunk + kShrinkage.size()
};
using Stats = std::array<double, kStats>;

struct SlotTerms {
  double target = 0;       // π_e
  double propensity = 1;   // π_b > 0
  double reward = 0;
  double q = 0, v = 0;     // where a model was asked
  double below = 0;        // b_k
};

struct RoundTerms {
  std::span<const SlotTerms> slots;
  bool modelled = false;   // q, v and below are there
};

struct MarginalTerms {
  double target = 0, propensity = 1;  // P_e and P_b > 0 of the slot's item there
  double reward = 0;
};

// `clip`: of the weights; 0: none. `shrinkage`: dros's one λ, in the place of the grid; 0: the grid.
struct EstimatorOptions {
  double clip = 0;
  double shrinkage = 0;
};

// Adds what the round says; answers its whole weight W before it is clipped.
double add_round(const RoundTerms& round, const EstimatorOptions& options, std::span<double> stats);

// The same of a round whose marginals are known; `expected`: V, NaN where it is not known.
void add_marginals(std::span<const MarginalTerms> slots, double expected, const EstimatorOptions& options,
                   std::span<double> stats);

// `lambda`: which place of kShrinkage dros takes. NaN where a sum it divides by is 0.
double estimate(Estimator estimator, std::span<const double> totals, std::size_t lambda = 0);
// What the estimate is the mean of, of one group of rounds; not of self-normalised ones.
double numerator(Estimator estimator, std::span<const double> stats, std::size_t lambda = 0);
// … and the rounds that it is a mean over.
Stat rounds_of(Estimator estimator);

}  // namespace riffle::evaluation
