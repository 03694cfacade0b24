#include "serving/slate_distance.h"

#include <gtest/gtest.h>

#include <cmath>

namespace riffle::serving {
namespace {

features::CatalogueItem made(const std::string& id, const std::string& title, std::vector<std::string> category) {
  records::Item item;
  item.item_id = ItemId(id);
  item.title = title;
  item.category = std::move(category);
  return features::make_catalogue_item(item, from_ms(0));
}

TEST(SlateDistance, EqualsTheFormulasByHand) {
  const auto a = made("a", "red shoes", {"women", "shoes"});
  const auto b = made("b", "Red hat", {"women", "hats"});
  const auto c = made("c", "blue lamp shade", {"home"});
  const std::vector<const features::CatalogueItem*> slate{&a, &b, &c};
  // Paths: ab 2·1/4, ac and bc 0. Titles: ab 1/√(2·2).
  EXPECT_DOUBLE_EQ(*category_distance(slate), (.5 + 1 + 1) / 3);
  EXPECT_DOUBLE_EQ(*title_distance(slate), (.5 + 1 + 1) / 3);
  EXPECT_DOUBLE_EQ(category_distances(slate)->smallest, .5);
  EXPECT_DOUBLE_EQ(title_distances(slate)->smallest, .5);
}

TEST(SlateDistance, OfTwinsIsNoneAndOfOneKnownItemIsUnknown) {
  const auto a = made("a", "red shoes", {"women", "shoes"});
  const auto bare = made("b", "", {});
  const std::vector<const features::CatalogueItem*> twins{&a, &a};
  EXPECT_DOUBLE_EQ(*category_distance(twins), 0);
  EXPECT_NEAR(*title_distance(twins), 0, 1e-15);
  const std::vector<const features::CatalogueItem*> lonely{&a, &bare, nullptr};
  EXPECT_FALSE(category_distance(lonely).has_value());
  EXPECT_FALSE(title_distance(lonely).has_value());
}

}  // namespace
}  // namespace riffle::serving
