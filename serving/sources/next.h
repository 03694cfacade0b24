// Items that follow the user's recent ones: sequential rules.
//   score(i) = Σ_k .5^k · s(j_k → i) / (n_jk + 5)
// over his last items j_k, k = 0 the newest; s sums 1/distance over the times i came after j, n is j's own weight, both
// decayed to now over all shards (FORMULAS 4.1.2). A step back halves the weight: the last item tells most of what comes
// next.
#pragma once

#include "serving/sources/best_items.h"
#include "serving/sources/neighbour_sums.h"

namespace riffle::serving {

class NextSource final : public CandidateSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kNext; }
  bool silent(const SourceInput& input) const override { return input.recent.empty(); }
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) override;

 private:
  NeighbourSums sums_{&records::ItemRow::next};
  std::vector<float> weights_;
  std::vector<std::uint32_t> items_;
  std::vector<NeighbourSums::Sum> found_;
  BestItems best_;
};

}  // namespace riffle::serving
