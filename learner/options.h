// What the learners do. config/ fills it; config/default.yaml documents each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "learner/q_learning/options.h"
#include "learner/sequence/options.h"

namespace riffle::learner {

// Draws cost every list: a kilobyte a candidate at this number.
constexpr std::size_t kMostDraws = 256;

// What a version ships for Thompson sampling.
struct DrawOptions {
  std::size_t count = 32;                                    // draws from the posterior
  double scale = 0.5;                                        // of their spread; below 1 explores less than the posterior asks
};

struct LinearOptions {
  double ridge = 1.0;                                        // λ of the prior, on every weight
  Milliseconds half_life{std::chrono::hours(24 * 7)};        // forgetting, in event time; 0: never forget
  double position_prior = 200;                               // pseudo-slots behind θ_k = 1 until randomised traffic tells
  DrawOptions draws;
};

struct LogisticOptions {
  double ridge = 1.0;                                        // λ of the prior, on every weight, in log odds
  Milliseconds half_life{std::chrono::hours(24 * 7)};
  double position_prior = 200;                               // as LinearOptions::position_prior
  double first_rate = 0.05;                                  // of clicks before anything is learned
  DrawOptions draws;
};

struct LinearArmsOptions {
  double ridge = 1.0;
  Milliseconds half_life{std::chrono::hours(24 * 30)};
  std::size_t max_items = 500;                               // 4 KiB each in every version
  DrawOptions draws;
};

struct ArmsOptions {
  double prior_slots = 20;                                   // behind the mean of all items, for each item
  Milliseconds half_life{std::chrono::hours(24 * 7)};
  std::size_t max_items = 2000;                              // 3 µs of draws each for every version
  DrawOptions draws{.count = 32, .scale = 1.0};
};

constexpr std::size_t kMostClusters = 256;                   // of users: each costs every list

// Which segment a user is in: that of features/feature_vector.h user_segment(), or of learner/user_clusters.h.
struct SegmentOptions {
  std::string kind = "rule";                                 // rule | kmeans
  std::size_t count = 16;                                    // kmeans: clusters
  std::uint64_t seed = 1;                                    // kmeans: of where they begin
};

struct QTableOptions {
  double learning_rate = 0.1;                                // α
  double discount = 0.9;                                     // γ
  std::size_t pending_users = 100000;                        // decisions that wait for their user's next one
  std::size_t max_cells = 1000000;
  SegmentOptions segments;
};

// The network is trained as dqn's with γ = 0, on lists drawn alike: what stays at its default there is named here.
struct NeuralLinearOptions : ReplayedOptions {
  NeuralLinearOptions() {
    discount = 0;
    priority_exponent = 0;
    replays = 2;
  }
  double ridge = 0.25;                                       // λ₀ of the head's prior, on every weight
  double noise_shape = 6;                                    // a₀ and
  double noise_scale = 6;                                    // b₀ of the prior of the rewards' variance: IG(a₀, b₀)
  std::size_t rebuild_slots = 20000;                         // newly exposed ones from one representation to the next, at most
  DrawOptions draws;
};

// A number for each head of `multi_task` (learner/network/multi_task_shape.h).
struct HeadNumbers {
  double click = 0, purchase = 0, dwell = 0, comeback = 0, other = 0;
};

constexpr std::size_t kMostExperts = 32;                     // of `multi_task`: each costs every score
constexpr std::size_t kMostExpertUnits = 1024;               // of all experts together

// The network is trained as neural_linear's is. hidden_1: units of the shared layer; hidden_2: of each expert.
struct MultiTaskOptions : ReplayedOptions {
  MultiTaskOptions() {
    discount = 0;
    priority_exponent = 0;
    replays = 2;
    hidden_2 = 16;
    learning_rate = 0.003;  // log odds have further to go than rewards
  }
  std::size_t experts = 4;
  Milliseconds full_dwell{std::chrono::minutes(1)};          // a slot's dwell events together count as far as to it
  HeadNumbers weights{1, 1, 1, 1, 1};                        // of the score: times what such a thing is rewarded with
  // What such a thing is rewarded with: of `rows.types` and `reward`, from where config/ takes it. A head of 0 does not exist,
  // but for click, which purchase is learned by.
  HeadNumbers rewards{.click = 1, .purchase = 1, .other = 1};
};

constexpr std::size_t kMostWeights = 16;                     // of a grid: each costs every slot of every list

// How a policy's diversity weight λ is learned, for every user segment (learner/diversity_weights.h).
struct WeightOptions {
  std::string kind = "none";                                 // none: a constant | bandit | target
  std::vector<double> grid{0, 0.05, 0.1, 0.2, 0.4};          // bandit: the weights that it chooses among, ascending
  double prior_lists = 500;                                  // bandit: behind what all segments tell, for each of them
  Milliseconds half_life{std::chrono::hours(24 * 7)};        // bandit: forgetting, in event time; 0: never forget
  double target = 0.7;                                       // target: the mean distance within lists that is wanted
  std::string distance = "category";                         // target: of what: category | title (serving/slate_distance.h)
  double step = 0.1;                                         // target: the weight moves by it times the distance missed
  double first = 0.1;                                        // target: where the weight begins: the constant one
};

struct LearnerOptions {
  LinearOptions linear;
  LogisticOptions logistic;
  LinearArmsOptions linear_arms;
  ArmsOptions arms;
  QTableOptions q_table;
  DqnOptions dqn;
  SlateQOptions slateq;
  NeuralLinearOptions neural_linear;
  MultiTaskOptions multi_task;
  SequenceOptions sequence;
  NetworkOptions network;
  Milliseconds publish_interval{200};                        // of versions, while there is something new
  std::size_t block_bytes = 512 << 10;
  std::size_t keep_versions = 20;                            // and one an hour for 7 days
};

}  // namespace riffle::learner
