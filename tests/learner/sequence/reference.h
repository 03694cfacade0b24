// learner/network/sequence_shape.h in double precision, one number after the other: what the network module and serving are held
// against.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "learner/network/interface.h"

namespace riffle::learner::testing {

using Numbers = std::vector<double>;
using Shape = network::SequenceShape;

inline constexpr Shape::Kind kAllKinds[] = {Shape::kMean, Shape::kGru, Shape::kAttention};

inline Numbers times(const Numbers& all, std::size_t from, std::size_t rows, const Numbers& x) {
  Numbers y(rows, 0.0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < x.size(); ++j) y[i] += all[from + i * x.size() + j] * x[j];
  return y;
}

inline Numbers normalised(const Numbers& x) {
  double mean = 0, variance = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
  Numbers y;
  for (const double v : x) y.push_back((v - mean) / std::sqrt(variance + double{network::kNormEpsilon}));
  return y;
}

// A sequence: x without its types and gaps, which are added here; age[q][t].
struct ReferenceSequence {
  std::vector<Numbers> x;
  std::vector<std::int64_t> type, gap;
  std::vector<std::vector<std::int64_t>> age;
};

// The state after token q.
inline Numbers reference_state(const Shape& shape, const Numbers& p, const ReferenceSequence& sequence, std::size_t q) {
  const std::size_t d = shape.width;
  std::vector<Numbers> x(sequence.x.begin(), sequence.x.begin() + static_cast<std::ptrdiff_t>(q) + 1);
  for (std::size_t t = 0; t <= q; ++t)
    for (std::size_t i = 0; i < d; ++i)
      x[t][i] += p[shape.types() + static_cast<std::size_t>(sequence.type[t]) * d + i] +
                 p[shape.gaps() + static_cast<std::size_t>(sequence.gap[t]) * d + i];
  Numbers h(d, 0.0);
  if (shape.kind == Shape::kGru) {
    for (std::size_t t = 0; t <= q; ++t) {
      const Numbers in = times(p, shape.w_input(), 3 * d, x[t]), back = times(p, shape.w_hidden(), 3 * d, h);
      const auto sum = [&](std::size_t i) { return in[i] + p[shape.b_input() + i] + back[i] + p[shape.b_hidden() + i]; };
      for (std::size_t i = 0; i < d; ++i) {
        const double reset = 1 / (1 + std::exp(-sum(i))), update = 1 / (1 + std::exp(-sum(d + i)));
        const double fresh = std::tanh(in[2 * d + i] + p[shape.b_input() + 2 * d + i] +
                                       reset * (back[2 * d + i] + p[shape.b_hidden() + 2 * d + i]));
        h[i] = (1 - update) * fresh + update * h[i];
      }
    }
  } else {
    const bool attention = shape.kind == Shape::kAttention;
    Numbers weight, query = attention ? times(p, shape.query(), d, normalised(x[q])) : Numbers();
    double sum = 0;
    for (std::size_t t = 0; t <= q; ++t) {
      double logit = double{network::kSteepness} * (p[shape.places() + q - t] + p[shape.ages() + static_cast<std::size_t>(sequence.age[q][t])] +
                                                    p[shape.type_weights() + static_cast<std::size_t>(sequence.type[t])]);
      if (attention) {
        const Numbers key = times(p, shape.key(), d, normalised(x[t]));
        for (std::size_t i = 0; i < d; ++i) logit += query[i] * key[i] / std::sqrt(static_cast<double>(d));
      }
      weight.push_back(std::exp(logit));
      sum += weight.back();
    }
    for (std::size_t t = 0; t <= q; ++t) {
      const Numbers value = attention ? times(p, shape.value(), d, x[t]) : x[t];
      for (std::size_t i = 0; i < d; ++i) h[i] += weight[t] / sum * value[i];
    }
    if (attention) {
      Numbers inner = times(p, shape.w1(), shape.inner(), normalised(h));
      for (std::size_t i = 0; i < inner.size(); ++i) inner[i] = std::max(0.0, inner[i] + p[shape.b1() + i]);
      const Numbers added = times(p, shape.w2(), d, inner);
      for (std::size_t i = 0; i < d; ++i) h[i] += added[i] + p[shape.b2() + i];
    }
  }
  for (std::size_t i = 0; i < d; ++i) h[i] += p[shape.now() + static_cast<std::size_t>(sequence.age[q][q]) * d + i];
  return h;
}

// The loss of a batch whose layers have the numbers p and whose rows are `rows`.
inline double reference_loss(const Shape& shape, const Numbers& p, const Numbers& rows, const network::SequenceBatch& batch) {
  const std::size_t d = shape.width, length = batch.length;
  const auto row = [&](std::initializer_list<std::int64_t> all) {
    Numbers sum(d, 0.0);
    for (const std::int64_t one : all)
      for (std::size_t i = 0; i < d; ++i) sum[i] += rows[static_cast<std::size_t>(one) * d + i];
    return sum;
  };
  std::vector<ReferenceSequence> sequences(batch.sequences);
  for (std::size_t s = 0; s < batch.sequences; ++s) {
    for (std::size_t t = 0; t < length; ++t) {
      const std::size_t place = s * length + t;
      sequences[s].x.push_back(row({batch.item_row[place], batch.category_row[place]}));
      sequences[s].type.push_back(batch.type[place]);
      sequences[s].gap.push_back(batch.gap[place]);
      sequences[s].age.emplace_back(batch.age + place * length, batch.age + (place + 1) * length);
    }
  }
  double loss = 0, weights = 0;
  for (std::size_t i = 0; i < batch.targets; ++i) {
    const auto place = static_cast<std::size_t>(batch.target_place[i]);
    const Numbers state = reference_state(shape, p, sequences[place / length], place % length);
    double sum = 0, of_target = 0;
    for (std::size_t c = 0; c < batch.candidates; ++c) {
      const Numbers candidate = row({batch.candidate_input[c], batch.candidate_output[c], batch.candidate_category[c]});
      double score = 0;
      for (std::size_t k = 0; k < d; ++k) score += state[k] * candidate[k];
      const bool target = static_cast<std::int64_t>(c) == batch.target[i];
      if (target) of_target = score;
      sum += std::exp(score + (target ? 0.0 : static_cast<double>(batch.candidate_log_weight[c])));
    }
    loss += batch.target_weight[i] * (std::log(sum) - of_target);
    weights += batch.target_weight[i];
  }
  return loss / weights;
}

}  // namespace riffle::learner::testing
