#include "learner/dense_layer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace riffle::learner {
namespace {

constexpr std::size_t kBlock = 32;  // outputs: two of the widest vectors
constexpr std::size_t kRows = 6;    // with two vectors each and their weights they fill sixteen registers

struct Task {
  const float* rows;
  std::size_t count, stride, given;
  const float *weights, *bias;
  std::size_t inputs, width;
  float* out;
  float least;
};

template <std::size_t kLanes>
struct Vector {
  typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));  // g++ loses the attribute of a dependent alias
};

// One block of outputs of six rows.
template <std::size_t kLanes>
[[gnu::always_inline]] inline void tile(const float* const (&x)[kRows], std::size_t given, const float* weights,
                                        const float* bias, float* const (&out)[kRows], float least) {
  using Lanes = typename Vector<kLanes>::Lanes;
  static_assert(sizeof(Lanes) == kLanes * sizeof(float));
  for (std::size_t from = 0; from < kBlock; from += 2 * kLanes) {
    Lanes first, second, sums[kRows][2];
    std::memcpy(&first, bias + from, sizeof first);
    std::memcpy(&second, bias + from + kLanes, sizeof second);
#pragma GCC unroll 6
    for (std::size_t r = 0; r < kRows; ++r) sums[r][0] = first, sums[r][1] = second;
    for (std::size_t i = 0; i < given; ++i) {
      std::memcpy(&first, weights + i * kBlock + from, sizeof first);
      std::memcpy(&second, weights + i * kBlock + from + kLanes, sizeof second);
#pragma GCC unroll 6
      for (std::size_t r = 0; r < kRows; ++r) {
        const float input = x[r][i];
        sums[r][0] += input * first;
        sums[r][1] += input * second;
      }
    }
#pragma GCC unroll 6
    for (std::size_t r = 0; r < kRows; ++r) {
      const Lanes low = Lanes{} + least;
      first = sums[r][0] < low ? low : sums[r][0];  // NaN stays
      second = sums[r][1] < low ? low : sums[r][1];
      std::memcpy(out[r] + from, &first, sizeof first);
      std::memcpy(out[r] + from + kLanes, &second, sizeof second);
    }
  }
}

template <std::size_t kLanes>
[[gnu::always_inline]] inline void run_all(const Task& task) {
  for (std::size_t from = 0; from < task.count; from += kRows) {
    for (std::size_t block = 0; block < task.width; block += kBlock) {
      const float* x[kRows];
      float* out[kRows];
      for (std::size_t r = 0; r < kRows; ++r) {
        const std::size_t row = std::min(from + r, task.count - 1);  // where rows run out, the last one again
        x[r] = task.rows + row * task.stride;
        out[r] = task.out + row * task.width + block;
      }
      tile<kLanes>(x, task.given, task.weights + block * task.inputs, task.bias + block, out, task.least);
    }
  }
}

void run_narrow(const Task& task) { run_all<8>(task); }

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,fma")]] void run_wide(const Task& task) { run_all<16>(task); }
const bool kWide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
#else
constexpr bool kWide = false;
void run_wide(const Task& task) { run_all<8>(task); }
#endif

}  // namespace

DenseLayer::DenseLayer(std::span<const float> weights, std::span<const float> bias, Activation activation)
    : inputs_(bias.empty() ? 0 : weights.size() / bias.size()),
      width_((bias.size() + kBlock - 1) / kBlock * kBlock),
      least_(activation == Activation::kRelu ? 0 : -std::numeric_limits<float>::infinity()),
      weights_(width_ * inputs_),
      bias_(width_) {
  RIFFLE_CHECK(inputs_ * bias.size() == weights.size(), "weights", weights.size(), "outputs", bias.size());
  std::copy(bias.begin(), bias.end(), bias_.begin());
  for (std::size_t o = 0; o < bias.size(); ++o)
    for (std::size_t i = 0; i < inputs_; ++i)
      weights_[(o / kBlock * inputs_ + i) * kBlock + o % kBlock] = weights[o * inputs_ + i];
}

void DenseLayer::run(const float* rows, std::size_t count, std::size_t stride, std::size_t given, float* out) const {
  RIFFLE_CHECK(given <= inputs_, "inputs", given, "of", inputs_);
  const Task task{rows, count, stride, given, weights_.data(), bias_.data(), inputs_, width_, out, least_};
  if (kWide) {
    run_wide(task);
  } else {
    run_narrow(task);
  }
}

float dot(const float* a, const float* b, std::size_t size) {
  std::array<float, 8> sums{};
  for (std::size_t i = 0; i < size; i += sums.size())
    for (std::size_t lane = 0; lane < sums.size(); ++lane) sums[lane] += a[i + lane] * b[i + lane];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

}  // namespace riffle::learner
