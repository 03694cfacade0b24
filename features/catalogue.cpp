#include "features/catalogue.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "features/text.h"

namespace riffle::features {
namespace {

constexpr std::size_t kNewest = 1000;  // more than any list asks for
constexpr char kSeparator = '\x1f';    // between names, so that {"ab"} is not {"a", "b"}

std::uint64_t not_zero(std::uint64_t hash) { return hash == 0 ? 1 : hash; }

std::int64_t date_of(const CatalogueItem& item) {
  return item.published_ms != 0 ? item.published_ms : item.known_since_ms;
}

}  // namespace

CategoryKey category_key(absl::Span<const std::string> path) {
  std::string prefix;
  for (const std::string& name : path) {
    if (name.empty()) continue;
    prefix += name;
    prefix += kSeparator;
  }
  return prefix.empty() ? CategoryKey(0) : CategoryKey(not_zero(stable_hash(prefix)));
}

CatalogueItem make_catalogue_item(const records::Item& item, TimePoint record_time) {
  CatalogueItem made;
  made.item = std::make_shared<const records::Item>(item);
  const absl::Span<const std::string> path = item.category;
  for (std::size_t depth = 1; depth <= path.size(); ++depth)
    if (!path[depth - 1].empty()) made.path.push_back(category_key(path.first(depth)));
  if (!made.path.empty()) made.category = made.path.back();
  if (!item.brand.empty()) made.brand = not_zero(stable_hash(item.brand));
  if (item.price && std::isfinite(*item.price) && *item.price >= 0) {
    made.log_price = static_cast<float>(std::log1p(*item.price));
    made.has_price = true;
  }
  made.available = !item.stock || *item.stock > 0;
  if (item.published_at) made.published_ms = to_ms(*item.published_at);
  made.known_since_ms = to_ms(record_time);
  made.kernel = make_kernel_vector(item);
  for (const std::string& token : tokens(item.title)) made.title_words.push_back(stable_hash(token));
  std::sort(made.title_words.begin(), made.title_words.end());
  made.title_words.erase(std::unique(made.title_words.begin(), made.title_words.end()), made.title_words.end());
  return made;
}

bool CatalogueBuilder::upsert(const records::Item& item, TimePoint record_time) {
  const ItemKey key = key_of(item.item_id);
  CatalogueItem made = make_catalogue_item(item, record_time);
  if (const CatalogueItem* known = current_.items.find(key)) {
    if (known->item->item_id != item.item_id) return false;
    made.known_since_ms = known->known_since_ms;
    by_age_.erase({-date_of(*known), key});
  }
  if (made.available) by_age_.insert({-date_of(made), key});
  newest_stale_ = true;
  current_.items.edit(key) = std::move(made);
  return true;
}

void CatalogueBuilder::erase(const ItemId& id) {
  const ItemKey key = key_of(id);
  const CatalogueItem* known = current_.items.find(key);
  if (!known || known->item->item_id != id) return;
  by_age_.erase({-date_of(*known), key});
  newest_stale_ = true;
  current_.items.erase(key);
}

void CatalogueBuilder::set_next_offset(std::int64_t offset) { current_.next_offset = offset; }

std::shared_ptr<const Catalogue> CatalogueBuilder::snapshot() {
  if (newest_stale_) {
    current_.newest.clear();
    for (auto it = by_age_.begin(); it != by_age_.end() && current_.newest.size() < kNewest; ++it)
      current_.newest.push_back(it->second);
    newest_stale_ = false;
  }
  ++current_.version;
  return std::make_shared<const Catalogue>(current_);  // shares every chunk
}

}  // namespace riffle::features
