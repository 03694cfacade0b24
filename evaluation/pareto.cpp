#include "evaluation/pareto.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace riffle::evaluation {
namespace {

constexpr std::size_t kFewest = 5;

}  // namespace

void WeightTail::insert(double weight) {
  heap_.push_back(weight);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  if (heap_.size() <= kMostTail + 1) return;  // one more: that below the tail
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  heap_.pop_back();
}

std::optional<double> WeightTail::k_hat() const {
  const auto n = static_cast<double>(count_);
  const auto wanted = static_cast<std::size_t>(std::ceil(std::min(0.2 * n, 3 * std::sqrt(n))));
  if (heap_.size() < 2) return std::nullopt;
  const std::size_t tail = std::min({wanted, kMostTail, heap_.size() - 1});
  std::vector<double> largest = heap_;
  std::sort(largest.begin(), largest.end(), std::greater<>());
  const double cutoff = largest[tail];
  std::vector<double> excesses;
  for (std::size_t i = tail; i-- > 0;)
    if (largest[i] > cutoff) excesses.push_back(largest[i] - cutoff);
  if (excesses.size() < kFewest) return std::nullopt;
  return pareto_shape(excesses);
}

double pareto_shape(std::span<const double> x) {
  const std::size_t n = x.size();
  const auto size = static_cast<double>(n);
  constexpr double kPrior = 3, kPriorPoints = 10, kPriorShape = 0.5;
  const std::size_t points = 30 + static_cast<std::size_t>(std::sqrt(size));
  const double quartile = x[static_cast<std::size_t>(size / 4 + 0.5) - 1];
  std::vector<double> b(points), likelihood(points);
  const auto shape_of = [&x, size](double at) {
    double sum = 0;
    for (const double excess : x) sum += std::log1p(-at * excess);
    return sum / size;
  };
  for (std::size_t i = 0; i < points; ++i) {
    b[i] = 1 / x[n - 1] + (1 - std::sqrt(static_cast<double>(points) /
                                         (static_cast<double>(i) + 0.5))) /
                              (kPrior * quartile);
    const double shape = shape_of(b[i]);
    likelihood[i] = size * (std::log(-b[i] / shape) - shape - 1);
  }
  double mean = 0;
  for (std::size_t i = 0; i < points; ++i) {
    double sum = 0;
    for (const double other : likelihood) sum += std::exp(other - likelihood[i]);
    mean += b[i] / sum;
  }
  return (size * shape_of(mean) + kPriorPoints * kPriorShape) / (size + kPriorPoints);
}

}  // namespace riffle::evaluation
