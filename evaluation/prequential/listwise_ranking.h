// Candidates of one query after the other, ranked by a listwise model (learner/listwise.h) that learns, before the next query, what was
// taken of them.
//
//   ranking.begin(query);      // learns of the query before
//   …                          // writes items() and rows(), columns numbers an item
//   ranking.rank(list);
//   ranking.take(interaction); // as it is revealed
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "evaluation/prequential/policy.h"
#include "learner/listwise.h"

namespace riffle::evaluation {

// One thread.
class ListwiseRanking {
 public:
  explicit ListwiseRanking(std::size_t columns, const learner::ListwiseOptions& options = {}) : trainer_(columns, options) {}

  // What a column's weight is before anything was learned (else 0).
  void start_at(std::size_t column, float weight) { trainer_.start_at(column, weight); }
  // There are no candidates from here on. rows() are as they were, for who writes them all over.
  void begin(const Query& query);
  std::vector<ItemIndex>& items() { return items_; }
  const std::vector<ItemIndex>& items() const { return items_; }
  std::vector<float>& rows() { return rows_; }
  // Replaces `list` by the query's best; equal ones in the order of their first appearance.
  void rank(std::vector<ItemIndex>& list);
  // Of the candidates, since rank().
  std::span<const float> scores() const { return scores_; }
  // What is of another user or basket than was asked for, or no candidate, is left out.
  void take(const Interaction& interaction);
  std::span<const float> weights() const { return trainer_.weights(); }

 private:
  learner::ListwiseTrainer trainer_;
  UserIndex user_ = ~UserIndex{0};
  std::uint64_t basket_ = 0;
  std::size_t n_ = 0;
  std::vector<ItemIndex> items_;
  std::vector<float> rows_, scores_;
  std::vector<std::uint32_t> taken_;                // places
  std::vector<float> padded_;                       // scratch, as what follows
  std::vector<std::uint32_t> best_;                 // places
  std::vector<std::pair<float, ItemIndex>> order_;
};

}  // namespace riffle::evaluation
