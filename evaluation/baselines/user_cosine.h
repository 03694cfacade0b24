// Items that are taken by the same users (item-item cosine over users; Deshpande & Karypis 2004), with a few users more in
// the norms, so that one common user of two rare items is not yet a likeness of 1:
//
//   score(u, i) = Σ_{j taken by u} users(i ∧ j) / √((users(i) + 5) · (users(j) + 5)) + 10⁻⁶ · n(i)
//
// A user's new item costs as much time as he has items.
#pragma once

#include "evaluation/baselines/neighbour_counts.h"
#include "evaluation/baselines/ranking.h"

namespace riffle::evaluation {

class UserCosinePolicy final : public Policy {
 public:
  std::string name() const override { return "user-cosine"; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  void learn(const Interaction& interaction) override;
  std::size_t memory_bytes() const override;

 private:
  static constexpr double kMoreUsers = 5;

  std::vector<std::vector<ItemIndex>> items_;  // by user, each once
  absl::flat_hash_set<std::uint64_t> known_;   // user and item
  NeighbourCounts users_of_both_;
  std::vector<std::uint32_t> users_of_;
  std::vector<double> inverse_root_;
  Popularity popularity_;
  ScoreBoard board_;
};

}  // namespace riffle::evaluation
