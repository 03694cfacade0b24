// What follows the user's last item (sequential rules; Ludewig & Jannach 2018, SR): s(j, i) adds 1/distance whenever i comes
// within ten events after j.
//
//   score(u, i) = s(last item of u, i) + 10⁻⁶ · n(i)
#pragma once

#include "evaluation/baselines/last_items.h"
#include "evaluation/baselines/neighbour_counts.h"
#include "evaluation/baselines/ranking.h"

namespace riffle::evaluation {

class SequentialPolicy final : public Policy {
 public:
  std::string name() const override { return "sequential"; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  void learn(const Interaction& interaction) override;
  std::size_t memory_bytes() const override;

 private:
  static constexpr std::size_t kWindow = 10;

  LastItems last_{kWindow};
  NeighbourCounts follows_;
  Popularity popularity_;
  ScoreBoard board_;
};

}  // namespace riffle::evaluation
