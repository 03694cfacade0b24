// What deep Q-learning does. config/ fills it; config/default.yaml documents each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace riffle::learner {

// What is the same for all that replay decisions.
struct ReplayedOptions {
  double discount = 0.9;                              // γ
  Milliseconds discount_time{std::chrono::hours(1)};  // τ: a pause of Δt discounts by γ^max(1, Δt/τ)
  std::size_t steps = 3;                              // n: decisions whose rewards count before the bootstrap
  std::size_t hidden_1 = 128;
  std::size_t hidden_2 = 64;
  double learning_rate = 0.001;
  double target_rate = 0.005;                         // of the target network's way to the online one, a step
  double huber = 1;
  double largest_gradient = 10;
  double reward_limit = 10;                           // a slot's reward is cut off here, either way
  std::size_t batch = 256;                            // slots a step
  double replays = 4;                                 // times that a slot is learned from, about
  std::size_t replay_decisions = 16384;               // held in memory: some 3.5 kB each
  double priority_exponent = 0.6;                     // 0: every decision is as likely
  double importance_exponent = 0.4;                   // grows to 1 over importance_steps
  std::size_t importance_steps = 100000;
  std::uint64_t seed = 1;                             // of the first weights and of what is replayed
};

struct DqnOptions : ReplayedOptions {
  bool double_q = true;
  bool duelling = true;
  double conservative = 0;                            // α of CQL
};

// Which next list a value is bootstrapped on: the one that was shown, or the best of the candidates (double Q: the online network
// picks, the target network values), filled by v·(Q̄ − Q̄_null) or greedily.
enum class SlateTarget : std::uint8_t { kSarsa, kTopK, kGreedy };
enum class SlateOrder : std::uint8_t { kTopK, kGreedy };

struct SlateQOptions : ReplayedOptions {
  SlateTarget target = SlateTarget::kSarsa;
  SlateOrder slate = SlateOrder::kTopK;               // how lists are filled
  double advantage_decay = 0;                         // of A's weights on features towards 0
};

// Where networks train, whatever their policy.
struct NetworkOptions {
  std::string device = "auto";                        // auto | cpu | cuda
  std::string module;                                 // file; empty: beside the program
};

}  // namespace riffle::learner
