// A training step's sequences, targets and candidates, as the network module takes them (learner/network/interface.h); and what the
// step says of the rows, back into the tables. Keeps its memory. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/rng.h"
#include "learner/network/interface.h"
#include "learner/sequence/interaction_log.h"
#include "learner/sequence/sequence_tables.h"

namespace riffle::learner {

class SequenceBatch {
 public:
  // The user's interactions up to each of `lasts`, at most `options.length` of which are to be predicted from those before them.
  // Candidates: every item with a row, or options.negatives drawn, half of them evenly, half by how often they were taken.
  // What has a number of `new_from` and more counts options.new_weight times as much as the rest.
  void fill(const InteractionLog& log, std::span<const std::uint64_t> lasts, std::uint64_t new_from, const SequenceTables& tables,
            const SequenceOptions& options, Rng& rng);
  // False: nothing is to be learned from it.
  bool has_targets() const { return !target_place_.empty(); }
  std::size_t targets() const { return target_place_.size(); }
  network::SequenceBatch view() const;

  std::span<float> row_gradients() { return row_gradients_; }  // for the step to write
  // One step of each row that was in the batch, by row_gradients().
  void learn_rows(SequenceTables& tables);

 private:
  struct Row {
    bool item = true;
    std::uint32_t slot = 0;
    EmbeddingTable::Side side = EmbeddingTable::kInput;
  };
  std::int64_t row_of(bool item, std::uint64_t key, EmbeddingTable::Side side, const SequenceTables& tables);
  void add_sequence(const InteractionLog& log, std::uint64_t new_from, const SequenceTables& tables, const SequenceOptions& options);
  void add_candidate(std::uint32_t slot, float log_weight, const SequenceTables& tables);
  void add_candidates(const InteractionLog& log, const SequenceTables& tables, const SequenceOptions& options, Rng& rng);
  void pad();

  std::size_t width_ = 0, length_ = 0;
  std::vector<Row> rows_;                                    // after row 0
  std::vector<std::int64_t> row_of_slot_[2][2];              // [item][side], by slot; 0: not in the batch yet
  std::vector<float> row_numbers_, row_gradients_;
  std::vector<std::vector<Token>> sequences_;                // the first used_ of them
  std::vector<std::vector<std::int64_t>> asked_ms_;          // a token: when what followed it came
  std::size_t used_ = 0;
  std::vector<std::int64_t> item_row_, category_row_, type_, gap_, age_;
  std::vector<std::uint32_t> target_slots_;
  std::vector<std::pair<std::size_t, std::size_t>> places_;  // of targets: sequence, token
  std::vector<std::int64_t> target_place_, target_;
  std::vector<std::int64_t> candidate_of_slot_;              // an item's slot: 1 + its candidate; 0: none
  std::vector<std::uint32_t> candidate_slots_;
  std::vector<std::int64_t> candidate_input_, candidate_output_, candidate_category_;
  std::vector<float> candidate_log_weight_, target_weight_;
  std::vector<std::uint64_t> window_;                        // scratch
  std::vector<std::uint32_t> drawn_;                         // scratch: by slot
  std::vector<SequenceEntry> history_;                       // scratch
};

}  // namespace riffle::learner
