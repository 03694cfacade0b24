// A Q-network's shape and where its numbers lie: what the network module trains and what serving reads, which know
// nothing else of each other.
//
//   h(s,a) = relu(W2 relu(W1 [x, p] + b1) + b2)       x: the features of (user, candidate), p: of the position
//   plain      Q(s,a) = u·h(s,a) + b
//   duelling   Q(s,a) = V(s) + A(s,a) − mean_a′ A(s,a′),   A = u·h(s,a),  V = v·mean_a′ h(s,a′) + b
//
// (Wang et al. 2016, equation 9. A request's candidates are its actions, so the state is what they have in common: V reads
// their mean, and any set of candidates can be asked about.)
#pragma once

#include <cstddef>
#include <cstdint>

namespace riffle::learner::network {

struct Shape {
  std::uint32_t inputs = 0;    // of a row: features, then one of the position
  std::uint32_t hidden_1 = 0;
  std::uint32_t hidden_2 = 0;
  bool duelling = false;

  // Offsets into the parameters, a flat array of floats; matrices by rows, a row an output.
  constexpr std::size_t w1() const { return 0; }
  constexpr std::size_t b1() const { return w1() + std::size_t{hidden_1} * inputs; }
  constexpr std::size_t w2() const { return b1() + hidden_1; }
  constexpr std::size_t b2() const { return w2() + std::size_t{hidden_2} * hidden_1; }
  constexpr std::size_t u() const { return b2() + hidden_2; }
  constexpr std::size_t v() const { return u() + hidden_2; }  // hidden_2 numbers where duelling, else none
  constexpr std::size_t b() const { return v() + (duelling ? hidden_2 : 0); }
  constexpr std::size_t parameters() const { return b() + 1; }

  friend bool operator==(const Shape&, const Shape&) = default;
};

// What `slateq` learns (Ie et al. 2019): three plain networks side by side, what is chosen of a list, what the moment is worth, and
// what the choice adds to that.
//
//   P(i|s,A) = exp(ln v_i) / Σ_{j∈A∪{⊥}} exp(ln v_j),   ln v_i = f(x_i) + c_k, ln v_⊥ = f(x_⊥)     k: i's position in A
//   Q(s,A) = Σ_{i∈A∪{⊥}} P(i|s,A) Q̄_i,                 Q̄_i = V(x_⊥) + A(x_i − x_⊥)
//
// ⊥, taking nothing, is a row like the others: what the request's candidates have in common, their mean. Rows end with 1 for ⊥,
// else with 0, and keep that where the rest is a difference. The state is x_⊥, and A sees of an item only how it differs from the others:
// else what tells good users from others, in an item's features, would pass for the item's doing.
struct SlateShape {
  static constexpr std::uint32_t kPositions = 64;  // c_k of later ones is the last one's

  std::uint32_t inputs = 0;    // of a row: features, then whether it is ⊥
  std::uint32_t hidden_1 = 0;
  std::uint32_t hidden_2 = 0;

  constexpr Shape part() const { return {inputs, hidden_1, hidden_2, false}; }
  constexpr std::size_t choice() const { return 0; }                                   // of f
  constexpr std::size_t positions() const { return part().parameters(); }              // of c
  constexpr std::size_t value() const { return positions() + kPositions; }             // of V
  constexpr std::size_t advantage() const { return value() + part().parameters(); }    // of A
  constexpr std::size_t parameters() const { return advantage() + part().parameters(); }

  friend bool operator==(const SlateShape&, const SlateShape&) = default;
};

// Beyond it a layer no longer fits a core's caches, and scoring a list takes milliseconds.
constexpr std::uint32_t kWidestLayer = 1024;

}  // namespace riffle::learner::network
