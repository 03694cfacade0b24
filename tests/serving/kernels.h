// Random kernel vectors, and what a diversifier should say of them, worked out the long way in doubles.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "features/catalogue.h"
#include "serving/diversifiers/diversifier.h"

namespace riffle::serving {

using Matrix = std::vector<std::vector<double>>;

inline std::vector<features::KernelVector> random_kernels(std::size_t count, Rng& rng) {
  std::vector<features::KernelVector> kernels(count);
  for (auto& kernel : kernels) {
    double square = 0;
    for (float& x : kernel) {
      x = static_cast<float>(rng.normal() + .7);  // a common part, so that similarities are well above 0
      square += static_cast<double>(x) * static_cast<double>(x);
    }
    for (float& x : kernel) x = static_cast<float>(static_cast<double>(x) / std::sqrt(square));
  }
  return kernels;
}

inline std::vector<const features::KernelVector*> pointers(const std::vector<features::KernelVector>& kernels) {
  std::vector<const features::KernelVector*> pointers;
  for (const auto& kernel : kernels) pointers.push_back(&kernel);
  return pointers;
}

inline double cosine(const features::KernelVector& a, const features::KernelVector& b) {
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return dot / std::sqrt(aa * bb);
}

// By elimination with pivots.
inline double determinant(Matrix m) {
  double product = 1;
  for (std::size_t k = 0; k < m.size(); ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < m.size(); ++i)
      if (std::abs(m[i][k]) > std::abs(m[pivot][k])) pivot = i;
    if (m[pivot][k] == 0) return 0;
    if (pivot != k) {
      std::swap(m[pivot], m[k]);
      product = -product;
    }
    product *= m[k][k];
    for (std::size_t i = k + 1; i < m.size(); ++i) {
      const double factor = m[i][k] / m[k][k];
      for (std::size_t j = k; j < m.size(); ++j) m[i][j] -= factor * m[k][j];
    }
  }
  return product;
}

inline double determinant_of(const std::vector<features::KernelVector>& kernels,
                             const std::vector<std::uint32_t>& chosen) {
  Matrix gram(chosen.size(), std::vector<double>(chosen.size()));
  for (std::size_t i = 0; i < chosen.size(); ++i)
    for (std::size_t j = 0; j < chosen.size(); ++j) gram[i][j] = cosine(kernels[chosen[i]], kernels[chosen[j]]);
  return determinant(gram);
}

// What a diversifier measures: what is known of the candidates, and of the user.
struct Measured {
  std::vector<features::KernelVector> kernels;
  std::vector<std::vector<CategoryKey>> paths = {};
  std::vector<CategoryShare> tastes = {};
};

// Candidates in three top categories, the third of which some share without a deeper one, and one without any; a user who
// likes two of them and a fourth one.
inline Measured random_measured(std::size_t count, Rng& rng) {
  Measured measured{.kernels = random_kernels(count, rng)};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t top = 1 + i % 3;
    measured.paths.push_back({CategoryKey(top)});
    if (top < 3 || i % 2 == 0) measured.paths.back().push_back(CategoryKey(10 * top + i % 4));
    if (i % 7 == 5) measured.paths.back().clear();
  }
  const auto share = [&] { return static_cast<float>(.3 * rng.uniform()); };
  for (const std::uint64_t category : {1U, 10U, 13U, 3U, 30U, 4U}) measured.tastes.push_back({CategoryKey(category), share()});
  return measured;
}

// 1 − C(above and item)/ln(1/a), of whole lists counted anew.
inline double naive_calibration(const Measured& measured, std::size_t depth, const std::vector<std::uint32_t>& above,
                                std::uint32_t item) {
  const auto category = [&](std::uint32_t i) {
    const auto& path = measured.paths[i];
    return path.empty() ? std::uint64_t{0} : path[std::min(depth, path.size()) - 1].value();
  };
  std::map<std::uint64_t, double> candidates, wanted, listed;
  double categorised = 0, known = 0;
  for (std::uint32_t i = 0; i < measured.paths.size(); ++i)
    if (category(i) > 0) candidates[category(i)] += 1, categorised += 1;
  for (const CategoryShare& taste : measured.tastes)
    if (candidates.contains(taste.category.value())) known += static_cast<double>(taste.share);
  const double rest = std::max(0.0, 1 - known);
  for (const auto& [c, count] : candidates) wanted[c] = rest * count / categorised;
  for (const CategoryShare& taste : measured.tastes)
    if (candidates.contains(taste.category.value())) wanted[taste.category.value()] += static_cast<double>(taste.share);
  std::vector<std::uint32_t> with = above;
  with.push_back(item);
  for (const std::uint32_t i : with) listed[category(i)] += 1 / static_cast<double>(with.size());
  double divergence = 0;
  for (const auto& [c, weight] : wanted)
    if (weight > 0) divergence += weight / (known + rest) *
                    std::log(weight / (known + rest) / (.99 * listed[c] + .01 * weight / (known + rest)));
  return 1 - divergence / std::log(100.0);
}

inline double naive_gain(const std::string& kind, const std::vector<features::KernelVector>& kernels,
                         const std::vector<std::uint32_t>& above, std::uint32_t item) {
  if (kind == "none") return 0;
  if (kind == "mmr") {
    double largest = 0;
    for (const std::uint32_t other : above) largest = std::max(largest, cosine(kernels[other], kernels[item]));
    return 1 - largest;
  }
  std::vector<std::uint32_t> with = above;
  with.push_back(item);
  const double volume = determinant_of(kernels, with) / (above.empty() ? 1 : determinant_of(kernels, above));
  return std::sqrt(std::max(0.0, volume));
}

inline double naive_gain(const DiversifierOptions& options, const Measured& measured, const std::vector<std::uint32_t>& above,
                         std::uint32_t item) {
  if (options.kind == "calibration") return naive_calibration(measured, options.depth, above, item);
  if (options.kind != "ssd") return naive_gain(options.kind, measured.kernels, above, item);
  const std::size_t in_window = std::min(above.size(), options.window - 1);
  return naive_gain("dpp", measured.kernels, {above.end() - static_cast<std::ptrdiff_t>(in_window), above.end()}, item);
}

// Of its spans; keep both as long as a diversifier uses them.
struct MeasuredInput {
  explicit MeasuredInput(const Measured& measured, const DiversifierOptions& options)
      : kernels(pointers(measured.kernels)), paths(measured.paths.begin(), measured.paths.end()), tastes(measured.tastes),
        options(options) {}
  DiversifierInput input() const {
    return {.kernels = kernels, .category_paths = paths, .tastes = tastes, .options = &options};
  }

  std::vector<const features::KernelVector*> kernels;
  std::vector<std::span<const CategoryKey>> paths;
  std::span<const CategoryShare> tastes;
  DiversifierOptions options;
};

}  // namespace riffle::serving
