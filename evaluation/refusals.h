// When an estimate is not given: where the log cannot tell, a number would only look like an answer.
// Each refusal says what is wrong and what to do about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/estimators.h"

namespace riffle::evaluation {

constexpr double kLeastEss = 100;
constexpr double kLargestKHat = 0.7;
constexpr double kMeanWeightTolerance = 0.02;  // or three standard errors, where those are more
constexpr double kMostOffSupport = 0.01;
constexpr std::uint64_t kFewestRewarded = 10;

// What there is to judge by.
struct Evidence {
  std::uint64_t rounds = 0;
  std::uint64_t rewarded = 0;
  std::uint64_t bad_propensities = 0;  // rounds left out: missing, not in (0, 1]
  std::uint64_t zero_propensities = 0;  // of those
  std::uint64_t unanswerable = 0;      // rounds left out: the target's choice cannot be told
  std::string unanswerable_why;
  std::uint64_t unmodelled = 0;        // rounds whose expected reward cannot be told
  double ess = 0;
  std::optional<double> k_hat;
  bool clipped = false;                // weights are bounded: their tail is no matter
  double mean_weight = 1, mean_weight_error = 0;
  double off_support = 0, off_support_error = 0;
  double matched = 0;                  // rounds where a deterministic target agrees
  bool deterministic_target = false, even_logging = false;
};

struct Refusal {
  std::string_view reason;  // ess, k_hat, …: part of the report's format
  std::string message;      // what is wrong
  std::string advice;       // what to do
};

std::vector<Refusal> refusals(Estimator estimator, const Evidence& evidence);

}  // namespace riffle::evaluation
