// `q_table`: tabular Q-learning (Watkins & Dayan 1992) over user segment × category,
//
//   Q(s,a) ← Q(s,a) + α [ r + γ max_a′ Q(s′,a′) − Q(s,a) ]
//
// s is the user's segment at decision n, a the category of one of its exposed slots, r that slot's reward; s′ is his
// segment at decision n + 1 and a′ ranges over its candidates' distinct categories. Unseen cells are 0, as the textbook
// starts. A decision waits in `pending` for the user's next one:
//
//   revision 0 of n + 1   n is learned, bootstrapped on n + 1
//   n closes first        n is learned as the last of its run: no bootstrap
//   pending is full       the oldest is learned without bootstrap (incident "pending_overflow")
//   n comes after n + 1   (it was seen later) learned at once without bootstrap (incident "late_decision")
//
// A revision of a decision that was learned already corrects its cells by α·Δr: what the step would have added with the
// reward known, as long as no other step touched the cell in between. A slot first exposed after that is learned without
// bootstrap. Cells are bounded: when there are `max_cells`, the least visited eighth goes (incident "cells_evicted").
//
// Segments are made by rule (features/feature_vector.h user_segment()), or found (`segments: {kind: kmeans}`): each first revision moves
// the clusters of learner/user_clusters.h, which a version has, and by which the lists made with it name their users' segments. What was
// logged is what is learned by, wherever the centres have gone since. A list of another policy has no such name: its user's cluster is the
// nearest when its first revision comes (and again when a correction comes after its pair was learned). The cells of a cluster that is
// begun anew go.
//
// Users, decisions and segments are kept as 64-bit hashes. The order of what is saved is fixed.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "learner/outcome_check.h"
#include "learner/trainer.h"
#include "learner/user_clusters.h"

namespace riffle::learner {

// Q of (segment, category). For a cell never visited, the mean of the category over segments, else of all cells (both
// weighted by visits), else 0.
class QTableScorer final : public Scorer {
 public:
  // `cells` in a fixed order: the means depend on it in their last bits. `clusters`: none where segments are made by rule.
  QTableScorer(const google::protobuf::RepeatedPtrField<pb::QCell>& cells, std::optional<UserClusters> clusters);

  void score(const ScoringBatch& batch, std::span<float> scores) const override;
  bool reads_user() const override { return clusters_.has_value(); }
  std::string segment_of(std::span<const float> user, std::string_view rule) const override;

 private:
  using ByCategory = absl::flat_hash_map<CategoryKey, float>;
  absl::flat_hash_map<std::uint64_t, ByCategory> segments_;
  ByCategory category_means_;
  float mean_ = 0;
  std::optional<UserClusters> clusters_;
};

class QTableTrainer final : public Trainer {
 public:
  explicit QTableTrainer(const QTableOptions& options);

  void learn(const pb::Outcome& outcome) override;
  bool reads_candidates() const override { return true; }  // their categories
  std::shared_ptr<const Scorer> scorer() override;
  std::uint64_t slots_learned() const override { return slots_learned_; }
  std::string save() const override;
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

  double value(std::string_view segment, CategoryKey category) const;  // 0 for a cell never visited
  std::size_t cells() const { return cells_.size(); }
  std::size_t pending() const { return pending_.size(); }
  const std::optional<UserClusters>& clusters() const { return clusters_; }

 private:
  struct CellKey {
    std::uint64_t segment = 0;
    std::uint64_t category = 0;
    friend auto operator<=>(const CellKey&, const CellKey&) = default;
    template <class H>
    friend H AbslHashValue(H h, const CellKey& key) { return H::combine(std::move(h), key.segment, key.category); }
  };
  struct Cell {
    double value = 0;
    std::uint64_t visits = 0;
  };
  struct PendingSlot {
    std::uint64_t category = 0;
    double reward = 0;
    bool exposed = false;
  };
  struct Pending {
    std::uint64_t user = 0;
    std::uint64_t recommendation = 0;
    std::uint64_t ordinal = 0;
    std::uint64_t segment = 0;
    std::vector<PendingSlot> slots;
  };
  using PendingList = std::list<Pending>;

  void move_clusters(const pb::Outcome& outcome);
  // Key of the outcome's segment; none: its user cannot be put into one.
  std::optional<std::uint64_t> segment_of(const pb::Outcome& outcome);
  static Pending make_pending(const pb::Outcome& outcome, std::uint64_t segment);
  void open(const pb::Outcome& outcome, std::uint64_t segment, PendingList::iterator before);
  void correct(const pb::Outcome& outcome, std::uint64_t segment);
  double bootstrap(const pb::Outcome& next, std::uint64_t segment) const;
  void settle(const Pending& decision, double bootstrap);
  void step(CellKey key, double target);
  void drop_pending(PendingList::iterator it);
  void trim_pending();
  void trim_cells(std::size_t to_be_added);
  pb::QTableState sorted_cells() const;

  QTableOptions options_;
  absl::flat_hash_map<CellKey, Cell> cells_;
  PendingList pending_;                                               // oldest first
  absl::flat_hash_map<std::uint64_t, PendingList::iterator> by_user_;
  std::uint64_t slots_learned_ = 0;
  std::uint64_t ignored_ = 0;
  std::uint64_t overflowed_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t evicted_ = 0;                                         // cells, in
  std::uint64_t evictions_ = 0;                                       // so many rounds
  std::optional<UserClusters> clusters_;                              // none: segments are made by rule
  std::uint64_t unplaced_ = 0;                                        // revisions whose user no cluster can take
  std::uint64_t begun_anew_ = 0;                                      // clusters
  std::shared_ptr<const Scorer> scorer_;                              // null: to be made anew
};

// With the segments that the state was learned with: until a version with the options' comes, lists are made with the last one's.
absl::StatusOr<std::shared_ptr<const Scorer>> q_table_scorer(std::string_view state, const QTableOptions& options);

}  // namespace riffle::learner
