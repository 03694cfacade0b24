#include "simulation/shop.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/rng.h"
#include "simulation/titles.h"

namespace riffle::simulation {
namespace {

constexpr double kWorstQuality = 0.02;

// Steep in the middle and flat at both ends (the smooth step 3x² − 2x³, twice): dull items, good items, few between, and
// little between the best, so that who knows the good ones need not know the very best.
double quality_at(double rank) {
  const auto step = [](double x) { return x * x * (3 - 2 * x); };
  return kWorstQuality + (1 - kWorstQuality) * step(step(rank));
}

constexpr double kMeanAgeDays = 180;

double price_of(Rng& rng) {
  const double price = 12.0 * std::exp(0.8 * rng.normal());
  return std::max(0.5, std::round(price * 100) / 100);
}

}  // namespace

Shop::Shop(const ShopOptions& options) : categories_(options.categories) {
  const absl::Status valid = validate(options);
  RIFFLE_CHECK(valid.ok(), valid.ToString());
  Rng rng(options.seed);
  for (std::size_t i = 0; i < options.items; ++i) {
    const std::size_t leaf = i % options.categories;  // every category is stocked alike
    const std::size_t number = i / options.categories;
    category_.push_back(leaf);
    quality_.push_back(quality_at(rng.uniform()));

    records::Item item;
    item.item_id = ItemId(absl::StrFormat("i%05d", i));
    const std::string english = english_title(leaf, number);
    const std::string chinese = chinese_title(leaf, number);
    item.title = rng.uniform() < options.chinese_titles ? chinese : english;
    item.text = {{"en", english}, {"zh", chinese}};
    item.category = category_path(leaf);
    item.brand = brand_name(rng.below(options.brands));
    item.price = price_of(rng);
    item.stock = static_cast<double>(1 + rng.below(500));
    const auto age = std::chrono::duration<double, std::ratio<86400>>(kMeanAgeDays * rng.exponential());
    item.published_at = options.now - std::chrono::duration_cast<Milliseconds>(age);
    if (age.count() < 30) item.tags.push_back("new");
    index_.emplace(item.item_id, i);
    items_.push_back(std::move(item));
  }
}

std::optional<std::size_t> Shop::find(const ItemId& id) const {
  const auto it = index_.find(id);
  if (it == index_.end()) return std::nullopt;
  return it->second;
}

double Shop::category_distance(const std::vector<ItemId>& list) const {
  std::vector<std::size_t> leaves;
  for (const ItemId& id : list)
    if (const auto item = find(id)) leaves.push_back(category_[*item]);
  if (leaves.size() < 2) return 0;
  double sum = 0;
  for (std::size_t a = 0; a < leaves.size(); ++a)
    for (std::size_t b = a + 1; b < leaves.size(); ++b) {
      if (leaves[a] == leaves[b]) continue;
      sum += branch_of(leaves[a]) == branch_of(leaves[b]) ? 0.5 : 1;
    }
  return sum / (static_cast<double>(leaves.size()) * static_cast<double>(leaves.size() - 1) / 2);
}

}  // namespace riffle::simulation
