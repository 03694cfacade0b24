#include "learner/q_learning/forward_pass.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace riffle::learner {
namespace {

using features::kFeatureCount;

// Rows at a time: both layers of so many stay in the first-level cache.
constexpr std::size_t kTile = 36;

}  // namespace

ForwardPass::ForwardPass(const network::Shape& shape, std::span<const float> parameters) : hidden_2_(shape.hidden_2) {
  RIFFLE_CHECK(shape.inputs == kInputs && parameters.size() == shape.parameters(), "inputs", shape.inputs);
  first_ = DenseLayer(parameters.subspan(shape.w1(), shape.b1() - shape.w1()), parameters.subspan(shape.b1(), shape.hidden_1));
  second_ = DenseLayer(parameters.subspan(shape.w2(), shape.b2() - shape.w2()), parameters.subspan(shape.b2(), hidden_2_));
  u_.assign(second_.width(), 0.0F);
  std::copy_n(parameters.begin() + static_cast<std::ptrdiff_t>(shape.u()), hidden_2_, u_.begin());
  bias_ = parameters[shape.b()];
}

template <class Visit>
void ForwardPass::by_tiles(const float* rows, std::size_t count, std::size_t inputs, Visit&& visit) const {
  thread_local std::vector<float> first, second;  // scratch: two layers of a tile
  first.resize(kTile * first_.width());
  second.resize(kTile * second_.width());
  for (std::size_t from = 0; from < count; from += kTile) {
    const std::size_t here = std::min(kTile, count - from);
    first_.run(rows + from * inputs, here, inputs, inputs, first.data());
    second_.run(first.data(), here, first_.width(), second_.inputs(), second.data());
    visit(from, here, second.data());
  }
}

float ForwardPass::run(std::span<const float> features, std::span<float> scores, std::span<const float> w) const {
  const std::size_t width = second_.width();
  thread_local std::vector<float> sums;  // of h over all rows
  sums.assign(w.empty() ? 0 : width, 0.0F);
  by_tiles(features.data(), scores.size(), kFeatureCount, [&](std::size_t from, std::size_t count, const float* h) {
    for (std::size_t i = 0; i < count; ++i) scores[from + i] = dot(h + i * width, u_.data(), width);
    for (std::size_t i = 0; i < count && !w.empty(); ++i)
      for (std::size_t j = 0; j < width; ++j) sums[j] += h[i * width + j];
  });
  float common = 0;
  for (std::size_t j = 0; j < w.size(); ++j) common += w[j] * sums[j];
  return common;
}

float ForwardPass::run_one(std::span<const float> row, float last) const {
  std::array<float, kInputs> whole;
  std::copy_n(row.begin(), kFeatureCount, whole.begin());
  whole.back() = last;
  float score = 0;
  by_tiles(whole.data(), 1, kInputs, [&](std::size_t, std::size_t, const float* h) { score = dot(h, u_.data(), u_.size()); });
  return score;
}

void ForwardPass::hidden_of(std::span<const float> rows, std::size_t inputs, float* out, std::size_t stride) const {
  by_tiles(rows.data(), rows.size() / inputs, inputs, [&](std::size_t from, std::size_t count, const float* h) {
    for (std::size_t i = 0; i < count; ++i) std::copy_n(h + i * second_.width(), hidden_2_, out + (from + i) * stride);
  });
}

}  // namespace riffle::learner
