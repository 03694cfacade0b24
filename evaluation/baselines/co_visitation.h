// What is taken together with the user's last items (item-item co-visitation; Sarwar et al. 2001, with cosine
// normalisation). c(j, i) counts, both ways, how often i came within five events of j; n is how often an item was taken.
//
//   score(u, i) = Σ_k c(j_k, i) / ((1 + k/10) · √(n(j_k) · n(i))) + 10⁻⁶ · n(i)     j_0 … j_4: the last five, newest first
#pragma once

#include "evaluation/baselines/last_items.h"
#include "evaluation/baselines/neighbour_counts.h"
#include "evaluation/baselines/ranking.h"

namespace riffle::evaluation {

class CoVisitationPolicy final : public Policy {
 public:
  std::string name() const override { return "co-visitation"; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  void learn(const Interaction& interaction) override;
  std::size_t memory_bytes() const override;

 private:
  static constexpr std::size_t kWindow = 5;

  LastItems last_{kWindow};
  NeighbourCounts together_;
  std::vector<double> inverse_root_;  // 1/√n(i)
  Popularity popularity_;
  ScoreBoard board_;
};

}  // namespace riffle::evaluation
