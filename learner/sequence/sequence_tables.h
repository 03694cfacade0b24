// The rows that encoders read and learn: of items and of their categories. An item without a row counts as nothing, but its category
// as itself.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "learner/sequence/embedding_table.h"
#include "learner/sequence/history.h"
#include "learner/sequence/options.h"

namespace riffle::learner {

class SequenceTables {
 public:
  explicit SequenceTables(const SequenceOptions& options);

  // An interaction with them.
  void see(ItemKey item, CategoryKey category, std::int64_t time_ms);
  // What the interaction counts as: e(item) + e(category); zeros where there are none.
  void input(ItemKey item, CategoryKey category, std::span<float> out) const;
  // What a state is multiplied with: e(item) + o(item) + o(category). That an item's input row speaks for it as a candidate, too, lets what
  // is known of it as the one help the other; what is different is o(item)'s to learn.
  void output(ItemKey item, CategoryKey category, std::span<float> out) const;
  // Of an item with a row: as it was met last.
  CategoryKey category_of(std::uint32_t slot) const { return slot < category_of_.size() ? category_of_[slot] : CategoryKey(); }

  const EmbeddingTable& items() const { return items_; }
  const EmbeddingTable& categories() const { return categories_; }
  EmbeddingTable& items() { return items_; }
  EmbeddingTable& categories() { return categories_; }
  std::size_t memory_bytes() const;

  void end_learning() { items_.end_learning(), categories_.end_learning(); }  // as EmbeddingTable::end_learning()

  // As EmbeddingTable::save_parts().
  void save_parts(const std::function<void(const pb::SequenceState&)>& part) const;
  void save(pb::SequenceState& state) const;
  absl::Status load(const pb::SequenceState& state);  // as EmbeddingTable::load()

 private:
  EmbeddingTable items_, categories_;
  std::vector<CategoryKey> category_of_;  // an item's slot
};

}  // namespace riffle::learner
