// The kernel vectors of features/catalogue.h: random projections, made from hashes, so that every
// worker makes the same.
#include <algorithm>
#include <cmath>
#include <span>

#include "base/hash.h"
#include "features/catalogue.h"
#include "features/text.h"

namespace riffle::features {
namespace {

// Where each part lies, and what it weighs. Two strangers' directions in d dimensions have a cosine
// of about ±1/√d: the category, which matters most, has half of all.
struct Part {
  std::size_t first;
  std::size_t dimension;
  float share;
};
constexpr Part kCategory{0, 32, 0.5F};
constexpr Part kBrand{32, 8, 0.2F};
constexpr Part kTitle{40, 24, 0.3F};
static_assert(kTitle.first + kTitle.dimension == kKernelDimension);

// Seeds, so that a brand and a word of the same spelling have nothing in common.
constexpr std::uint64_t kCategorySeed = 1;
constexpr std::uint64_t kBrandSeed = 2;
constexpr std::uint64_t kTitleSeed = 3;

void add_direction(std::uint64_t hash, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += (hash >> i & 1) != 0 ? 1.0F : -1.0F;
}

float length_of(std::span<const float> vector) {
  float sum = 0;
  for (const float x : vector) sum += x * x;
  return std::sqrt(sum);
}

const std::string& title_of(const records::Item& item) {
  return item.title.empty() && !item.text.empty() ? item.text.front().second : item.title;
}

}  // namespace

KernelVector make_kernel_vector(const records::Item& item) {
  KernelVector kernel{};
  const auto part = [&](const Part& p) {
    return std::span<float>(kernel).subspan(p.first, p.dimension);
  };

  // Every prefix adds a direction, so two items share as much as their paths have in common:
  // siblings half or more.
  std::string prefix;
  for (const std::string& name : item.category) {
    if (name.empty()) continue;
    prefix += name;
    prefix += '\x1f';
    add_direction(stable_hash(prefix, kCategorySeed), part(kCategory));
  }
  if (!item.brand.empty()) add_direction(stable_hash(item.brand, kBrandSeed), part(kBrand));
  for (const std::string& token : tokens(title_of(item)))
    add_direction(stable_hash(token, kTitleSeed), part(kTitle));

  float shares = 0;
  for (const Part& p : {kCategory, kBrand, kTitle})
    if (length_of(part(p)) > 0) shares += p.share;
  if (shares == 0) return unknown_kernel_vector(key_of(item.item_id));
  for (const Part& p : {kCategory, kBrand, kTitle}) {
    const float length = length_of(part(p));
    if (length == 0) continue;
    const float scale = std::sqrt(p.share / shares) / length;
    for (float& x : part(p)) x *= scale;
  }
  return kernel;
}

KernelVector unknown_kernel_vector(ItemKey key) {
  KernelVector kernel{};
  add_direction(key.value(), kernel);
  for (float& x : kernel) x /= std::sqrt(static_cast<float>(kKernelDimension));
  return kernel;
}

float kernel_similarity(const KernelVector& a, const KernelVector& b) {
  std::array<float, 16> sums{};  // independent, so that the compiler may use whole registers
  for (std::size_t i = 0; i < kKernelDimension; i += sums.size())
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += a[i + j] * b[i + j];
  float dot = 0;
  for (const float sum : sums) dot += sum;
  return std::clamp(dot, 0.0F, 1.0F);
}

}  // namespace riffle::features
