// What `riffle` would list with an encoder as one more source: its candidates and the encoder's best, by both their scores, which a
// listwise model (learner/listwise.h) weighs as it learns which of them was taken.
//
//   riffle evaluate -p riffle:sequence=gru …
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluation/prequential/listwise_ranking.h"
#include "evaluation/prequential/riffle_policy.h"
#include "evaluation/prequential/sequence_policy.h"

namespace riffle::evaluation {

class SequencedRiffle final : public Policy {
 public:
  static constexpr std::string_view kPrefix = "riffle:sequence=";
  static constexpr std::size_t kBest = 50;    // of the encoder

  // Both outlive it, and are asked before it at every point.
  SequencedRiffle(std::string name, const RifflePolicy& riffle, const SequencePolicy& sequence);

  std::string name() const override { return name_; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  void learn(const Interaction& interaction) override { ranking_.take(interaction); }
  std::size_t memory_bytes() const override { return 0; }

  // What the listwise model makes of: riffle's score, the encoder's, both below their best; whether riffle did not name the item, whether
  // it has no row.
  std::span<const float> weights() const { return ranking_.weights(); }

 private:
  static constexpr std::size_t kColumns = 4;

  void add(ItemIndex item, float of_riffle, bool named, float of_sequence);

  std::string name_;
  const RifflePolicy& riffle_;
  const SequencePolicy& sequence_;
  ListwiseRanking ranking_;
  std::vector<std::pair<float, ItemIndex>> order_;   // scratch
  std::vector<bool> named_;                          // scratch
};

}  // namespace riffle::evaluation
