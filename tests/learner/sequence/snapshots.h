// Encoder states for tests that need no training: rows and layers by chance.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learner/q_learning/q_state.h"
#include "learner/sequence/encoder_snapshot.h"
#include "learner/sequence/sequence_trainer.h"

namespace riffle::learner::testing {

inline SequenceOptions narrow_options() {
  SequenceOptions options;
  options.encoder = "mean";
  options.width = 12;
  options.length = 6;
  options.items = 1000;
  options.log = 100;
  return options;
}

// Rows of the items, each of its category (0: none).
inline pb::SequenceState random_state(const std::vector<std::pair<ItemKey, CategoryKey>>& items, const SequenceOptions& options,
                                      std::uint64_t seed) {
  SequenceTables tables(options);
  Rng rng(seed);
  std::vector<float> gradient(options.width);
  for (const auto& [item, category] : items) {
    tables.see(item, category, 1000);
    for (float& x : gradient) x = static_cast<float>(3 * rng.normal());
    tables.items().learn(tables.items().find(item.value()), EmbeddingTable::kOutput, gradient);
  }
  pb::SequenceState state;
  tables.save(state);
  const network::SequenceShape shape = settings_of(*sequence_kind(options.encoder), options).shape;
  state.set_kind(shape.kind);
  state.set_width(shape.width);
  state.set_length(shape.length);
  std::vector<float> numbers(shape.parameters());
  for (float& x : numbers) x = static_cast<float>(.3 * rng.normal());
  state.add_online(bytes_of(numbers));
  return state;
}

inline std::shared_ptr<const EncoderSnapshot> snapshot_of(const pb::SequenceState& state, const SequenceOptions& options,
                                                          std::uint64_t version = 1) {
  auto made = EncoderSnapshot::make(*sequence_kind(options.encoder), options, state, version);
  RIFFLE_CHECK(made.ok(), made.status().ToString());
  return *std::move(made);
}

}  // namespace riffle::learner::testing
