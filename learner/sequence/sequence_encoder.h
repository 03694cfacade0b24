// A user's history as a vector, by the numbers that the network module has learned (learner/network/sequence_shape.h): what serving
// computes, without LibTorch. Attention asks for the last state only, so keys and values need no products of their own:
// Q u · K u_t = (Kᵀ Q u) · u_t, and Σ w_t V u_t = V Σ w_t u_t. One thread; keeps its memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learner/sequence/history.h"
#include "learner/sequence/sequence_tables.h"

namespace riffle::learner {

class SequenceEncoder {
 public:
  // `numbers`: shape.parameters() of them.
  SequenceEncoder(const network::SequenceShape& shape, std::span<const float> numbers);

  // Replaces `state`, shape.width numbers, by that of a user with this history, oldest first, of which the last shape.length count, who is
  // asked for at `now_ms`. An item's score is its product with SequenceTables::output().
  void encode(std::span<const SequenceEntry> history, std::int64_t now_ms, const SequenceTables& tables, std::span<float> state);

  const network::SequenceShape& shape() const { return shape_; }

 private:
  void weigh(std::int64_t now_ms, bool by_content);   // weights_: w of the last state
  void mean(std::span<float> state);
  void gru(std::span<float> state);
  void attention(std::span<float> state);
  const float* at(std::size_t offset) const { return numbers_.data() + offset; }

  network::SequenceShape shape_;
  std::vector<float> numbers_;
  std::vector<Token> tokens_;      // scratch, as all that follows
  std::vector<float> x_, normal_;  // tokens × width
  std::vector<float> gates_;       // tokens × 3 width
  std::vector<float> hidden_gates_, query_, key_, mixed_, inner_, value_;
  std::vector<float> weights_;
};

// One score a row: its product with the state. `rows`: state.size() numbers each, of SequenceTables::output().
void score_rows(std::span<const float> rows, std::span<const float> state, std::span<float> scores);

}  // namespace riffle::learner
