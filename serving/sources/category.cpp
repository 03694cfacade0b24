#include "serving/sources/category.h"

#include <algorithm>

#include "serving/candidate_pool.h"

namespace riffle::serving {
namespace {

constexpr std::size_t kLiked = 6;  // categories of a user that are looked into

}  // namespace

void CategorySource::index(const SourceInput& input) {
  if (world_ == input.pool->world()) return;
  world_ = input.pool->world();
  for (auto& [category, items] : popular_) items.clear();
  for (const ItemKey key : input.context->stats->popular) {
    const features::CatalogueItem* item = input.context->catalogue->items.find(key);
    if (item && item->available && item->category.value() != 0)
      popular_[item->category].push_back(input.pool->number_of(key));
  }
}

void CategorySource::find_liked(const SourceInput& input) {
  liked_.clear();
  for (const auto& [category, taste] : input.user->categories) {
    const float share = taste.recent_share + .25F * taste.share;
    if (share > 0 && popular_.contains(category)) liked_.push_back({category, share});
  }
  std::sort(liked_.begin(), liked_.end(), [](const Liked& a, const Liked& b) {
    return a.share != b.share ? a.share > b.share : a.category < b.category;
  });
  if (liked_.size() > kLiked) liked_.resize(kLiked);
}

bool CategorySource::silent(const SourceInput& input) const {
  return !input.context->stats || !input.context->catalogue || input.user->categories.empty();
}

void CategorySource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  out.clear();
  if (silent(input)) return;
  index(input);
  find_liked(input);
  float total = 0;
  for (const Liked& liked : liked_) total += liked.share;
  for (const Liked& liked : liked_) {
    const std::vector<std::uint32_t>& items = popular_.find(liked.category)->second;
    // At least a few of each: a taste that has just moved is a small share still.
    const auto share = static_cast<std::size_t>(static_cast<float>(wanted) * liked.share / total);
    const std::size_t quota = std::max(share, wanted / (2 * kLiked));
    std::size_t taken = 0;
    for (std::size_t rank = 0; rank < items.size() && taken < quota && out.size() < wanted; ++rank) {
      const std::uint32_t item = items[rank];
      input.pool->meet(item);
      if (!input.pool->allowed(item)) continue;
      out.push_back({item, liked.share / static_cast<float>(1 + rank), ItemKey()});
      ++taken;
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const SourcedItem& a, const SourcedItem& b) { return a.score > b.score; });
}

}  // namespace riffle::serving
