// What the learners do. config/ fills it; config/default.yaml documents each key.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/time.h"
#include "learner/q_learning/options.h"

namespace riffle::learner {

struct LinearOptions {
  double ridge = 1.0;                                        // λ of the prior, on every weight
  Milliseconds half_life{std::chrono::hours(24 * 7)};        // forgetting, in event time; 0: never forget
  double position_prior = 200;                               // pseudo-slots behind θ_k = 1 until randomised traffic tells
};

struct QTableOptions {
  double learning_rate = 0.1;                                // α
  double discount = 0.9;                                     // γ
  std::size_t pending_users = 100000;                        // decisions that wait for their user's next one
  std::size_t max_cells = 1000000;
};

struct LearnerOptions {
  LinearOptions linear;
  QTableOptions q_table;
  DqnOptions dqn;
  NetworkOptions network;
  Milliseconds publish_interval{200};                        // of versions, while there is something new
  std::size_t block_bytes = 512 << 10;
  std::size_t keep_versions = 20;                            // and one an hour for 7 days
};

}  // namespace riffle::learner
