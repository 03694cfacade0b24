// What the user himself took in most sessions; of equals, and where he has taken too little, what is popular (half-life 14
// days): score(u, i) = sessions of u with i + 10⁻⁶ · popularity(i).
#pragma once

#include "absl/container/flat_hash_map.h"
#include "evaluation/baselines/ranking.h"

namespace riffle::evaluation {

class OwnFrequencyPolicy final : public Policy {
 public:
  std::string name() const override { return "own-frequency"; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  void learn(const Interaction& interaction) override;
  std::size_t memory_bytes() const override;

 private:
  struct Count {
    std::uint32_t sessions = 0;
    std::uint64_t last_basket = 0;
  };
  std::vector<absl::flat_hash_map<ItemIndex, Count>> counts_;  // by user
  Popularity popularity_ = Popularity::decayed(std::chrono::hours(24 * 14));
  ScoreBoard board_;
};

}  // namespace riffle::evaluation
