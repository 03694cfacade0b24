// A fixed distribution over a log's actions, position by position, from a file.
//
// CSV with the columns item_id, position (from 1, as Open Bandit's) and probability: of each position
// the probabilities sum to 1; items that are not there have 0.
//
// YAML as Open Bandit's prior_bts.yaml: by campaign, the lists `alpha` and `beta` of Bernoulli
// Thompson sampling, an item a place. Its distribution over the list's places is found by Monte Carlo:
// draw θ_a ~ Beta(α_a, β_a), show the highest first (Chapelle & Li 2011).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace riffle::evaluation {

struct FixedDistribution {
  std::vector<std::string> names;              // of the actions 0, 1, 2 …
  std::vector<std::vector<double>> positions;  // by position from 0, by action
  std::string description;
};

// InvalidArgument says the line and what is wrong there.
absl::StatusOr<FixedDistribution> read_distribution_csv(const std::string& path);

struct ThompsonPrior {
  std::vector<double> alpha, beta;  // by item
};
// NotFound: no such campaign; the message names those that are there.
absl::StatusOr<ThompsonPrior> read_thompson_prior(const std::string& path,
                                                  const std::string& campaign);
FixedDistribution thompson_distribution(const ThompsonPrior& prior, std::size_t list_length,
                                        std::size_t draws, std::uint64_t seed);

}  // namespace riffle::evaluation
