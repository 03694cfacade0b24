#include "serving/slate_distance.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/container/inlined_vector.h"

namespace riffle::serving {
namespace {

// Of a list's items: most lists have no more.
template <class T>
using OfSlots = absl::InlinedVector<T, 16>;

template <class T, class Similarity>
std::optional<SlateDistance> distances(const OfSlots<T>& items, Similarity&& similarity) {
  if (items.size() < 2) return std::nullopt;
  double sum = 0, smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < items.size(); ++i)
    for (std::size_t j = i + 1; j < items.size(); ++j) {
      const double distance = 1 - similarity(items[i], items[j]);
      sum += distance;
      smallest = std::min(smallest, distance);
    }
  const auto count = static_cast<double>(items.size());
  return SlateDistance{.mean = sum * 2 / (count * (count - 1)), .smallest = smallest};
}

using Words = std::vector<std::uint64_t>;  // CatalogueItem::title_words

std::size_t common(const Words& a, const Words& b) {
  std::size_t count = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    count += a[i] == b[j];
    const bool step_a = a[i] <= b[j];
    const bool step_b = b[j] <= a[i];
    i += step_a;
    j += step_b;
  }
  return count;
}

}  // namespace

std::optional<SlateDistance> category_distances(std::span<const features::CatalogueItem* const> slate) {
  OfSlots<const decltype(features::CatalogueItem::path)*> paths;
  for (const features::CatalogueItem* item : slate)
    if (item && !item->path.empty()) paths.push_back(&item->path);
  return distances(paths, [](const auto* a, const auto* b) {
    const auto difference = std::mismatch(a->begin(), a->end(), b->begin(), b->end());
    return 2 * static_cast<double>(difference.first - a->begin()) / static_cast<double>(a->size() + b->size());
  });
}

std::optional<SlateDistance> title_distances(std::span<const features::CatalogueItem* const> slate) {
  struct Title {
    const Words* words;
    std::uint64_t signature;  // a bit a word: titles that share none have no word in common, which is nearly always so
  };
  OfSlots<Title> titles;
  for (const features::CatalogueItem* item : slate) {
    if (!item || item->title_words.empty()) continue;
    std::uint64_t signature = 0;
    for (const std::uint64_t word : item->title_words) signature |= std::uint64_t{1} << (word & 63);
    titles.push_back({&item->title_words, signature});
  }
  return distances(titles, [](const Title& a, const Title& b) {
    if ((a.signature & b.signature) == 0) return 0.0;
    return static_cast<double>(common(*a.words, *b.words)) /
           std::sqrt(static_cast<double>(a.words->size()) * static_cast<double>(b.words->size()));
  });
}

std::optional<double> category_distance(std::span<const features::CatalogueItem* const> slate) {
  const auto distances = category_distances(slate);
  return distances ? std::optional<double>(distances->mean) : std::nullopt;
}

std::optional<double> title_distance(std::span<const features::CatalogueItem* const> slate) {
  const auto distances = title_distances(slate);
  return distances ? std::optional<double>(distances->mean) : std::nullopt;
}

}  // namespace riffle::serving
