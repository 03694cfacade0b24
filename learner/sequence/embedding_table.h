// Rows of numbers, a key's own: learned online, collision-free (a key never shares a row, unlike hashed tables), admitted by count, so
// that what is met once takes no row from what is met often, and expired by age (Monolith; Liu et al. 2022, 2.2). A key has two rows:
// as what was met (input) and as what may follow (output).
//
// Rows learn by AdaGrad (Duchi, Hazan & Singer 2011): every number by the squares of its own gradients. Against all items a seldom one
// gets a little push down at every step, which Adam would make as large as what it learns when it is taken. Their first numbers follow
// from the seed and the key alone.
//
// Memory: `most` keys of 4 · width floats, and as many waiting for admission of some 50 bytes. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "learner/sequence/key_slots.h"

namespace riffle::learner {

class EmbeddingTable {
 public:
  static constexpr std::uint32_t kNone = KeySlots::kNone;
  enum Side : std::uint32_t { kInput, kOutput };

  struct Options {
    std::size_t width = 0;
    std::uint32_t most = 0;             // keys
    std::uint32_t admit_after = 1;      // times that a key is seen; 1: at once
    std::int64_t expire_after_ms = 0;   // since a key was seen last, also while it waits
    double learning_rate = 0;
    double first_square = 0.1;          // of G, in gradients of one target: what a row is moved by at first is not believed at once
    double deviation = 0.5;             // of the first numbers of input rows, times √width; output rows begin as zeros
    std::uint64_t seed = 0;
  };
  explicit EmbeddingTable(const Options& options);

  // An interaction with the key. Its slot, if it has one by now. Never goes back in time: what comes late counts as of the latest.
  std::uint32_t see(std::uint64_t key, std::int64_t time_ms);
  std::uint32_t find(std::uint64_t key) const { return admitted_.find(key); }
  // A slot's numbers.
  std::span<const float> row(std::uint32_t slot, Side side) const {
    return std::span(numbers_).subspan((2 * std::size_t{slot} + side) * options_.width, options_.width);
  }
  // One step of AdaGrad on a row: G += g², row −= rate · g / √G.
  void learn(std::uint32_t slot, Side side, std::span<const float> gradient);

  const KeySlots& admitted() const { return admitted_; }
  const KeySlots& waiting() const { return waiting_; }
  std::uint64_t expired() const { return expired_; }   // keys whose row went by age
  const Options& options() const { return options_; }
  std::size_t memory_bytes() const;

  // For readers: what only learn() needs goes, and it cannot be called any more.
  void end_learning();

  // As messages that merge into the whole. A slot's rows are in the same one whatever else there is, a few together: what has not
  // changed has the same bytes.
  void save_parts(const std::function<void(const pb::EmbeddingTableState&)>& part) const;
  void save(pb::EmbeddingTableState& state) const;
  // Into one that has seen nothing. InvalidArgument: not what save() writes, or of another width, or numbers that are not finite.
  absl::Status load(const pb::EmbeddingTableState& state);

 private:
  std::size_t slots_a_part() const;
  void write_rows(std::uint32_t from, std::uint32_t to, pb::EmbeddingRowsState& rows) const;
  absl::Status load_rows(const pb::EmbeddingTableState& state);
  void expire(std::int64_t now_ms);
  void grow();
  void begin(std::uint32_t slot, std::uint64_t key);

  Options options_;
  KeySlots admitted_, waiting_;
  std::vector<std::uint32_t> counts_;                  // of waiting slots
  std::vector<float> numbers_, squares_;               // slot, side, width
  std::int64_t now_ms_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace riffle::learner
