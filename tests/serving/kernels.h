// Random kernel vectors, and what a diversifier should say of them, worked out the long way in doubles.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "features/catalogue.h"

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

}  // namespace riffle::serving
