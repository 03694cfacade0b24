// Which diversity weight of a grid earns most a list, for every user segment: Thompson sampling over a semiparametric regression
// (action-centring: Greenewald et al. 2017, §3; Krishnamurthy, Wu & Syrgkanis 2018, §3).
//
// Of a list with reward R (of its exposed slots, so far) that was made with weight a with probability p_a, and that a makes with
// probability P(slate|a):
//
//   w_a = p_a P(slate|a) / Σ_b p_b P(slate|b)    how likely a made it: a list that several weights make tells of all of them alike
//   R = f(whoever, whenever) + θ·(e_a − p) + noise
//   G = Σ E[(e − p)(e − p)ᵀ | w] = Σ diag(w) − w pᵀ − p wᵀ + p pᵀ      M = Σ (w − p) R      X = Σ (w − p)
//
// The centred e_a − p has mean 0 whatever f is, so what changes over time (a scorer that learns, a sale, the hour) is not taken for
// a weight's doing, however the p have moved meanwhile; a bandit of plain means would be led by it. Where all weights make the same
// list, w = p and nothing is learned, right or wrong. R is taken less the segment's mean μ, against noise.
//
//   all segments    δ ~ N((ΣG + I)⁻¹ Σ(M − μX), σ² (ΣG + I)⁻¹)
//   one of them     Λ = ((ΣG + I)⁻¹ + I/n₀)⁻¹    θ ~ N((G + Λ)⁻¹ (M − μX + Λδ), σ_s² (G + Λ)⁻¹)    n₀ = prior_lists
//
// so that a segment begins with what all others tell and departs from it as its own lists say. A version draws from θ kDraws times;
// p_a is the share in which a is best, with kUniform of it spread evenly, so that nothing is given up for good.
//
// Sums are weighted by forgetting (learner/forgetting.h). A list counts when its first slot is exposed, and each revision adds Δr.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <Eigen/Core>

#include "learner/diversity_weights.h"
#include "learner/forgetting.h"

namespace riffle::learner {

class WeightBandit final : public WeightTrainer {
 public:
  static constexpr std::size_t kDraws = 512;
  static constexpr double kUniform = 0.02;   // as an explorer's epsilon

  explicit WeightBandit(const WeightOptions& options);

  void learn(const pb::Outcome& outcome) override;
  std::shared_ptr<const DiversityWeights> weights() const override;
  std::string save() const override;
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

 private:
  struct Segment {
    Eigen::MatrixXd gram;                 // G
    Eigen::VectorXd moment, surprise;     // M, X
    double count = 0, reward = 0, squares = 0;   // Σ 1, Σ R, Σ R²
  };
  using Segments = std::map<std::uint64_t, Segment>;   // in the order of their keys, which sums depend on in their last bits

  static void scale(Segments& segments, double factor);
  bool read(const pb::LearnedWeight& logged);
  Segment& segment(std::uint64_t key);
  void make_room();

  WeightOptions options_;
  Eigen::Index arms_;
  Forgetting forgetting_;
  Segments segments_;
  Eigen::VectorXd p_, w_;                 // of the list at hand
  std::uint64_t evicted_ = 0;
};

}  // namespace riffle::learner
