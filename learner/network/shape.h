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

// Beyond it a layer no longer fits a core's caches, and scoring a list takes milliseconds.
constexpr std::uint32_t kWidestLayer = 1024;

}  // namespace riffle::learner::network
