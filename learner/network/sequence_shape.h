// What an encoder of a user's interactions is and where its numbers lie: what the network module trains and what serving reads,
// which know nothing else of each other. Rows of items and categories are not among the numbers: they live in tables.
//
//   x_t = e(item_t) + e(category_t) + T[type_t] + G[gap_t]        gap: since the interaction before
//   mean       h_q = Σ_{t≤q} w_qt x_t                             w_q = softmax_t (10 (p[q − t] + a[age_qt] + c[type_t]))
//   gru        h_q = GRU(x_q, h_{q−1}), h_{−1} = 0                (Cho et al. 2014; Hidasi et al. 2016)
//   attention  y_q = Σ_{t≤q} w_qt V x_t                           w_q = softmax_t (Q ν(x_q) · K ν(x_t) / √d + 10 (p[q − t] + a[age_qt] + c[type_t]))
//              h_q = y_q + W2 relu(W1 ν(y_q) + b1) + b2           ν(x) = (x − mean x) / √(var x + 1e-5)
//   state_q = h_q + N[age_qq]
//
// age_qt: of interaction t when what follows q is asked for, so state_q knows that time and nothing else of what follows. Attention is
// one head and one block (SASRec; Kang & McAuley 2018) with biases of place and time in place of positions (as HSTU's; Zhai et al. 2024).
// The beginning of a history is a token of its own type, so that a user without one has a state, too.
#pragma once

#include <cstddef>
#include <cstdint>

namespace riffle::learner::network {

struct SequenceShape {
  enum Kind : std::uint32_t { kMean, kGru, kAttention };

  static constexpr std::uint32_t kTypes = 12;      // of interactions; the last one: the beginning
  static constexpr std::uint32_t kBeginning = kTypes - 1;
  static constexpr std::uint32_t kGaps = 16;       // buckets of time; the last one: there is none
  static constexpr std::uint32_t kNoGap = kGaps - 1;

  Kind kind = kMean;
  std::uint32_t width = 0;                         // d: of rows and states
  std::uint32_t length = 0;                        // tokens at most

  // Offsets into the numbers, a flat array of floats; matrices by rows, a row an output.
  constexpr std::size_t types() const { return 0; }
  constexpr std::size_t gaps() const { return types() + kTypes * d(); }
  constexpr std::size_t now() const { return gaps() + kGaps * d(); }
  constexpr std::size_t places() const { return now() + kGaps * d(); }                         // of mean and attention, as the next two
  constexpr std::size_t ages() const { return places() + (weighs() ? length : 0); }
  constexpr std::size_t type_weights() const { return ages() + (weighs() ? kGaps : 0); }
  constexpr std::size_t layers() const { return type_weights() + (weighs() ? kTypes : 0); }
  // Of gru, in LibTorch's order of gates (reset, update, new).
  constexpr std::size_t w_input() const { return layers(); }
  constexpr std::size_t w_hidden() const { return w_input() + 3 * d() * d(); }
  constexpr std::size_t b_input() const { return w_hidden() + 3 * d() * d(); }
  constexpr std::size_t b_hidden() const { return b_input() + 3 * d(); }
  // Of attention.
  constexpr std::size_t query() const { return layers(); }
  constexpr std::size_t key() const { return query() + d() * d(); }
  constexpr std::size_t value() const { return key() + d() * d(); }
  constexpr std::size_t w1() const { return value() + d() * d(); }
  constexpr std::size_t b1() const { return w1() + inner() * d(); }
  constexpr std::size_t w2() const { return b1() + inner(); }
  constexpr std::size_t b2() const { return w2() + d() * inner(); }
  constexpr std::size_t parameters() const {
    return kind == kMean ? layers() : kind == kGru ? b_hidden() + 3 * d() : b2() + d();
  }

  constexpr bool weighs() const { return kind != kGru; }
  constexpr std::size_t inner() const { return 2 * d(); }
  constexpr std::size_t d() const { return width; }

  friend bool operator==(const SequenceShape&, const SequenceShape&) = default;
};

constexpr float kNormEpsilon = 1e-5F;
// Of weights by place, age and type: few numbers that much data tells, they learn so many times as fast as matrices do.
constexpr float kSteepness = 10;

}  // namespace riffle::learner::network
