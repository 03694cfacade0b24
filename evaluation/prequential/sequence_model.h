// An encoder of users' histories (learner/sequence/) that learns from the stream under prequential test, and what it says of a user's
// next item. One thread.
//
//   model.ask(user, time)    of every item with a row: its score by slot
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "evaluation/prequential/policy.h"
#include "learner/sequence/sequence_trainer.h"

namespace riffle::evaluation {

class SequenceModel {
 public:
  static constexpr std::uint32_t kNone = learner::EmbeddingTable::kNone;

  // `length`: of the histories that are kept.
  SequenceModel(std::unique_ptr<learner::SequenceTrainer> trainer, std::size_t length);

  void describe(const records::Item& item);
  void learn(const Interaction& interaction);

  // Asks about the user; the scores by slot are valid until the next learn(), those of slots without an item mean nothing.
  std::span<const float> ask(UserIndex user, TimePoint now);
  std::uint32_t slot_of(ItemKey item) const { return trainer_->tables().items().find(item.value()); }
  // kNone: no item has it.
  ItemIndex item_of(std::uint32_t slot) const { return item_of_slot_[slot]; }
  std::size_t memory_bytes() const;

 private:
  void renew(std::uint32_t slot);
  std::span<const learner::SequenceEntry> history_of(UserIndex user) const;

  std::unique_ptr<learner::SequenceTrainer> trainer_;
  std::size_t length_;
  std::uint64_t steps_ = 0;                                  // of the trainer, when all of outputs_ was made
  absl::flat_hash_map<ItemKey, CategoryKey> category_of_;
  absl::flat_hash_map<ItemKey, ItemIndex> index_of_;
  std::vector<std::vector<learner::SequenceEntry>> histories_;  // by user, up to twice the length
  std::vector<float> outputs_;                               // by slot, width numbers: what a state is multiplied with
  std::vector<ItemIndex> item_of_slot_;
  std::vector<float> state_, scores_;                        // scratch
};

}  // namespace riffle::evaluation
