// Items that are taken by the same users (item-item cosine over users; Deshpande & Karypis 2004), with a few users more in
// the norms, so that one common user of two rare items is not yet a likeness of 1:
//
//   score(u, i) = Σ_{j taken by u} users(i ∧ j) / √((users(i) + 5) · (users(j) + 5)) + 10⁻⁶ · n(i)
//
// The sums of the user who was asked about last are kept, and follow what he takes: that is exact until somebody else
// takes something new, and then they are made anew, which costs as much time as he has items times the items that there are.
// So does nearly nothing in a log of baskets; where users take turns it is done for every list.
#pragma once

#include "absl/container/flat_hash_set.h"
#include "evaluation/baselines/common_users.h"
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
  static constexpr UserIndex kNobody = ~UserIndex{0};

  void sum_up(UserIndex user);

  std::vector<std::vector<ItemIndex>> items_;  // by user, each once
  absl::flat_hash_set<std::uint64_t> known_;   // user and item
  CommonUsers users_of_both_;
  std::vector<std::uint32_t> users_of_;  // by item, as the two that follow
  std::vector<double> inverse_root_;     // 1/√(users + 5)
  std::vector<double> sums_;             // Σ_j users(i ∧ j)/√(users(j) + 5), of `summed_`
  UserIndex summed_ = kNobody;
  Popularity popularity_;
  std::vector<double> scores_;  // scratch
  BestItems best_;
};

}  // namespace riffle::evaluation
