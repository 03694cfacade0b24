// Items met together with the user's recent ones: decayed co-visitation.
//   score(i) = Σ_k c(j_k, i) / ((1 + .1k) · √((n_jk + 2)(n_i + 2)))
// over his last items j_k, k = 0 the newest; c counts how often two items were met within a few steps, n is an item's own
// weight, both decayed to now over all shards. The cosine is TencentRec's (FORMULAS 4.1.1); the 2 keeps two items that were
// met once, and never else, from outranking everything.
#pragma once

#include "serving/sources/best_items.h"
#include "serving/sources/neighbour_sums.h"

namespace riffle::serving {

class TogetherSource final : public CandidateSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kTogether; }
  bool silent(const SourceInput& input) const override { return input.recent.empty(); }
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) override;

 private:
  // Replaces roots_ by 1/√(n + 2) of each of items_, all together: root and quotient of one number take as long as those of eight.
  void find_roots(CandidatePool& pool);

  NeighbourSums sums_{&records::ItemRow::together};
  std::vector<float> weights_;
  std::vector<std::uint32_t> items_;
  std::vector<NeighbourSums::Sum> found_;
  std::vector<float> roots_;  // padded
  BestItems best_;
};

}  // namespace riffle::serving
