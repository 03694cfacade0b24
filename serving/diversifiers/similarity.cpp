#include "serving/diversifiers/similarity.h"

#include <algorithm>
#include <cmath>

namespace riffle::serving {
namespace {

constexpr features::KernelVector kUnknown{};
constexpr std::size_t kBlock = features::kKernelDimension * kLanes;  // floats of eight candidates
constexpr std::size_t kTogether = 4;                                 // blocks that share a sweep over the dimensions

static_assert(kLanes == 8 && features::kKernelDimension % kLanes == 0, "the transposition below is of 8 × 8");

// Loads eight rows of eight and stores them as eight columns of eight: pairs, then fours, then halves change places. Written
// out, as is multiply(): arrays of lanes would live in memory.
void transpose(const float* const (&from)[kLanes], std::size_t at, float* to, FloatLanes& squares) {
  FloatLanes a, b, c, d, e, f, g, h;
  load_lanes(a, from[0] + at);
  load_lanes(b, from[1] + at);
  load_lanes(c, from[2] + at);
  load_lanes(d, from[3] + at);
  load_lanes(e, from[4] + at);
  load_lanes(f, from[5] + at);
  load_lanes(g, from[6] + at);
  load_lanes(h, from[7] + at);
  const auto low = [](const FloatLanes& x, const FloatLanes& y, FloatLanes& out) {
    out = __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13);
  };
  const auto high = [](const FloatLanes& x, const FloatLanes& y, FloatLanes& out) {
    out = __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15);
  };
  FloatLanes ab, ab_high, cd, cd_high, ef, ef_high, gh, gh_high;
  low(a, b, ab), high(a, b, ab_high);
  low(c, d, cd), high(c, d, cd_high);
  low(e, f, ef), high(e, f, ef_high);
  low(g, h, gh), high(g, h, gh_high);
  const auto store = [&](const FloatLanes& first, const FloatLanes& second, std::size_t column) {
    const FloatLanes left = __builtin_shufflevector(first, second, 0, 1, 2, 3, 8, 9, 10, 11);
    const FloatLanes right = __builtin_shufflevector(first, second, 4, 5, 6, 7, 12, 13, 14, 15);
    squares += left * left;
    squares += right * right;
    store_lanes(left, to + column * kLanes);
    store_lanes(right, to + (column + 4) * kLanes);
  };
  const auto store_fours = [&](const FloatLanes& p, const FloatLanes& q, const FloatLanes& r, const FloatLanes& s,
                               std::size_t column) {
    store(__builtin_shufflevector(p, q, 0, 1, 8, 9, 4, 5, 12, 13), __builtin_shufflevector(r, s, 0, 1, 8, 9, 4, 5, 12, 13),
          column);
    store(__builtin_shufflevector(p, q, 2, 3, 10, 11, 6, 7, 14, 15),
          __builtin_shufflevector(r, s, 2, 3, 10, 11, 6, 7, 14, 15), column + 1);
  };
  store_fours(ab, cd, ef, gh, 0);
  store_fours(ab_high, cd_high, ef_high, gh_high, 2);
}

// Dot products of `vector` with the candidates of four blocks.
void multiply(const float* vector, const float* columns, const float* factors, float scale, float* out) {
  FloatLanes first{}, second{}, third{}, fourth{};
  for (std::size_t d = 0; d < features::kKernelDimension; ++d) {
    const FloatLanes x = vector[d] - FloatLanes{};
    FloatLanes w, y, z, v;
    load_lanes(w, columns + d * kLanes);
    load_lanes(y, columns + kBlock + d * kLanes);
    load_lanes(z, columns + 2 * kBlock + d * kLanes);
    load_lanes(v, columns + 3 * kBlock + d * kLanes);
    first += x * w;
    second += x * y;
    third += x * z;
    fourth += x * v;
  }
  const auto store = [&](const FloatLanes& sum, std::size_t block) {
    FloatLanes factor;
    load_lanes(factor, factors + block * kLanes);
    store_lanes(sum * (factor * scale), out + block * kLanes);
  };
  store(first, 0), store(second, 1), store(third, 2), store(fourth, 3);
}

// Of one block.
void multiply_one(const float* vector, const float* columns, const float* factors, float scale, float* out) {
  FloatLanes sum{}, factor;
  for (std::size_t d = 0; d < features::kKernelDimension; ++d) {
    FloatLanes column;
    load_lanes(column, columns + d * kLanes);
    sum += vector[d] * column;
  }
  load_lanes(factor, factors);
  store_lanes(sum * (factor * scale), out);
}

}  // namespace

void SimilarityRows::reset(std::span<const features::KernelVector* const> kernels) {
  count_ = kernels.size();
  const std::size_t blocks = padded_count() / kLanes;
  columns_.resize(blocks * kBlock);
  inverse_norms_.resize(padded_count());
  for (std::size_t block = 0; block < blocks; ++block) {
    const float* from[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::size_t i = block * kLanes + lane;
      from[lane] = i < count_ && kernels[i] ? kernels[i]->data() : kUnknown.data();
    }
    float* const columns = columns_.data() + block * kBlock;
    FloatLanes squares{};
    for (std::size_t d = 0; d < features::kKernelDimension; d += kLanes) transpose(from, d, columns + d * kLanes, squares);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float square = squares[lane];
      const bool usable = square > 0 && std::isfinite(square);
      inverse_norms_[block * kLanes + lane] = usable ? 1 / std::sqrt(square) : 0;
      // Nothing that is not finite may reach a sum: 0 · ∞ is not 0.
      if (!usable && square != 0)
        for (std::size_t d = 0; d < features::kKernelDimension; ++d) columns[d * kLanes + lane] = 0;
    }
  }
}

void SimilarityRows::row(std::uint32_t candidate, std::span<float> out) const {
  const float* own = columns_.data() + candidate / kLanes * kBlock + candidate % kLanes;
  features::KernelVector kernel;
  for (std::size_t d = 0; d < features::kKernelDimension; ++d) kernel[d] = own[d * kLanes];
  const float scale = inverse_norms_[candidate];
  const std::size_t blocks = padded_count() / kLanes;
  std::size_t block = 0;
  for (; block + kTogether <= blocks; block += kTogether)
    multiply(kernel.data(), columns_.data() + block * kBlock, inverse_norms_.data() + block * kLanes, scale,
             out.data() + block * kLanes);
  for (; block < blocks; ++block)
    multiply_one(kernel.data(), columns_.data() + block * kBlock, inverse_norms_.data() + block * kLanes, scale,
                 out.data() + block * kLanes);
}

}  // namespace riffle::serving
