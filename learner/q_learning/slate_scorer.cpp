#include "learner/q_learning/slate_scorer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "learner/q_learning/q_state.h"

namespace riffle::learner {
namespace {

using features::kFeatureCount;
constexpr float kLargestLogOdds = 20;  // as in training

// ⊥: what the candidates have in common, but those that are not finite.
std::array<float, kFeatureCount> common_row(std::span<const float> features) {
  std::array<float, kFeatureCount> row{};
  float count = 0;
  for (std::size_t from = 0; from < features.size(); from += kFeatureCount) {
    const auto candidate = features.subspan(from, kFeatureCount);
    if (!std::all_of(candidate.begin(), candidate.end(), [](float x) { return std::isfinite(x); })) continue;
    ++count;
    for (std::size_t i = 0; i < kFeatureCount; ++i) row[i] += candidate[i];
  }
  for (float& x : row) x /= std::max(count, 1.0F);
  return row;
}

void score_top_k(std::span<const float> v, std::span<const float> advantage, std::span<float> scores) {
  std::vector<float> largest(v.begin(), v.end());
  const auto typical = static_cast<std::ptrdiff_t>(std::min(SlateScorer::kTypicalList, largest.size()));
  std::partial_sort(largest.begin(), largest.begin() + typical, largest.end(), std::greater<>());
  float all = 1;
  for (std::ptrdiff_t i = 0; i < typical; ++i) all += largest[static_cast<std::size_t>(i)];
  for (std::size_t i = 0; i < v.size(); ++i) scores[i] = v[i] * advantage[i] / all;
}

void score_greedy(std::span<const float> v, std::span<const float> advantage, std::span<float> scores) {
  std::vector<bool> taken(v.size(), false);
  float numerator = 0, denominator = 1, last = std::numeric_limits<float>::infinity();
  const auto added = [&](std::size_t i) {
    return v[i] * (advantage[i] - numerator / denominator) / (denominator + v[i]);
  };
  for (std::size_t pick = 0; pick < std::min(SlateScorer::kGreedyPicks, v.size()); ++pick) {
    std::size_t best = v.size();
    float most = 0;
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (taken[i]) continue;
      const float gain = added(i);
      if (best == v.size() || gain > most) best = i, most = gain;
    }
    taken[best] = true;
    last = scores[best] = std::min(last, most);  // once nothing adds, what takes least away may add to what is left
    numerator += v[best] * advantage[best];
    denominator += v[best];
  }
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!taken[i]) scores[i] = std::min(last, added(i));
}

}  // namespace

SlateScorer::SlateScorer(const network::SlateShape& shape, std::span<const float> parameters, SlateOrder order)
    : order_(order),
      choice_(shape.part(), parameters.subspan(shape.choice(), shape.part().parameters())),
      advantage_(shape.part(), parameters.subspan(shape.advantage(), shape.part().parameters())) {}

void SlateScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.features.size() == batch.count() * kFeatureCount && scores.size() == batch.count(), "features",
               batch.features.size(), "candidates", batch.count(), "scores", scores.size());
  std::fill(scores.begin(), scores.end(), 0.0F);
  if (choice_.empty() || scores.empty()) return;
  thread_local std::vector<float> v, advantage, differences;
  v.resize(scores.size());
  advantage.resize(scores.size());
  choice_.run(batch.features, v);
  const std::array<float, kFeatureCount> nothing = common_row(batch.features);
  differences.assign(batch.features.begin(), batch.features.end());
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= nothing[i % kFeatureCount];
  advantage_.run(differences, advantage);
  constexpr std::array<float, kFeatureCount> kNoDifference{};
  const float log_nothing = choice_.run_one(nothing, 1), worth_of_nothing = advantage_.run_one(kNoDifference, 1);
  for (std::size_t i = 0; i < v.size(); ++i) {
    v[i] = std::exp(std::clamp(v[i] - log_nothing, -kLargestLogOdds, kLargestLogOdds));
    advantage[i] -= worth_of_nothing;
    if (std::isfinite(v[i]) && std::isfinite(advantage[i])) continue;
    v[i] = advantage[i] = 0;
  }
  if (order_ == SlateOrder::kTopK) {
    score_top_k(v, advantage, scores);
  } else {
    score_greedy(v, advantage, scores);
  }
  const float least = *std::min_element(scores.begin(), scores.end());
  if (least < 0)
    for (float& score : scores) score -= least;
}

absl::StatusOr<std::shared_ptr<const Scorer>> slate_scorer(std::string_view state, SlateOrder order) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::DqnState parsed, parse_q_state(state, "slateq"));
  return std::make_shared<const SlateScorer>(slate_shape_of(parsed), numbers_of(parsed).target, order);
}

}  // namespace riffle::learner
