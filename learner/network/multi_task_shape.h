// What `multi_task` learns and where its numbers lie: heads, one for each thing that may come of a slot, over experts that they
// share and attend to each as it needs (multi-gate mixture of experts; Ma et al. 2018, KDD), over a layer that all share.
//
//   h = relu(W [x, p] + w)                                     x: the features of (user, candidate), p: of the position
//   f_e = relu(V_e h + v_e)                                    the experts
//   α_k = softmax_e(G_k h + g_k)                               head k's attention to them
//   o_k = u_k · Σ_e α_ke f_e + b_k
//
//   click     P(click) = σ(o_click)
//   purchase  P(purchase) = P(click) σ(o_purchase)             entire space: learned of all slots (ESMM; Ma et al. 2018, SIGIR)
//   dwell     E[share of a full dwell] = σ(o_dwell)
//   comeback  E[2^(−Δt/h)] = σ(o_comeback)                     what the user's coming back is worth; 0 where he does not
//   other     E[what else the slot earns] = o_other
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace riffle::learner::network {

enum Head : std::uint32_t { kClick, kPurchase, kDwell, kComeback, kOther };
constexpr std::uint32_t kHeads = 5;

// Which heads there are: a bit each. click and other always are.
using HeadSet = std::uint32_t;
constexpr HeadSet bit_of(Head head) { return HeadSet{1} << head; }
constexpr HeadSet kAlways = bit_of(kClick) | bit_of(kOther);
constexpr HeadSet kEveryHead = (HeadSet{1} << kHeads) - 1;

struct MultiTaskShape {
  std::uint32_t inputs = 0;    // of a row: features, then one of the position
  std::uint32_t hidden = 0;    // units of the shared layer
  std::uint32_t experts = 0;
  std::uint32_t width = 0;     // units of an expert
  HeadSet heads = kAlways;

  constexpr bool has(Head head) const { return (heads & bit_of(head)) != 0; }
  // The place of a head, that there is, among those that there are.
  constexpr std::uint32_t place(Head head) const {
    return static_cast<std::uint32_t>(__builtin_popcount(heads & (bit_of(head) - 1)));
  }
  constexpr std::uint32_t count() const { return static_cast<std::uint32_t>(__builtin_popcount(heads)); }
  constexpr std::uint32_t mixed() const { return experts * width; }  // units of all experts

  // Offsets into the parameters, a flat array of floats; matrices by rows, a row an output.
  constexpr std::size_t w1() const { return 0; }
  constexpr std::size_t b1() const { return w1() + std::size_t{hidden} * inputs; }
  constexpr std::size_t w2() const { return b1() + hidden; }                                 // V: expert after expert
  constexpr std::size_t b2() const { return w2() + std::size_t{mixed()} * hidden; }
  constexpr std::size_t gates() const { return b2() + mixed(); }                             // G: head after head, an expert a row
  constexpr std::size_t gate_biases() const { return gates() + std::size_t{count()} * experts * hidden; }
  constexpr std::size_t u() const { return gate_biases() + std::size_t{count()} * experts; }  // head after head
  constexpr std::size_t b() const { return u() + std::size_t{count()} * width; }
  constexpr std::size_t parameters() const { return b() + count(); }

  friend bool operator==(const MultiTaskShape&, const MultiTaskShape&) = default;
};

}  // namespace riffle::learner::network
