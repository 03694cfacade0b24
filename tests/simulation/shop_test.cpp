#include "simulation/shop.h"

#include <set>

#include <gtest/gtest.h>

#include "simulation/titles.h"

namespace riffle::simulation {
namespace {

ShopOptions options() {
  ShopOptions shop;
  shop.now = from_ms(1'760'000'000'000);
  return shop;
}

TEST(Shop, ASeedDecidesTheWholeCatalogue) {
  const Shop a(options()), b(options());
  ShopOptions other = options();
  other.seed = 2;
  const Shop c(other);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a.items()[i].item_id, b.items()[i].item_id);
    EXPECT_EQ(a.items()[i].title, b.items()[i].title);
    EXPECT_EQ(a.items()[i].price, b.items()[i].price);
    EXPECT_EQ(a.quality(i), b.quality(i));
    changed += a.quality(i) != c.quality(i);
  }
  EXPECT_GT(changed, a.size() * 9 / 10);
}

TEST(Shop, ItemsAreWholeAndEveryCategoryIsStockedAlike) {
  const Shop shop(options());
  ASSERT_EQ(shop.size(), 800u);
  std::set<std::string> ids, titles, brands;
  std::vector<std::size_t> stocked(shop.categories(), 0);
  std::size_t chinese = 0;
  for (std::size_t i = 0; i < shop.size(); ++i) {
    const records::Item& item = shop.items()[i];
    EXPECT_EQ(shop.find(item.item_id), i);
    ids.insert(item.item_id.str());
    titles.insert(item.title);
    brands.insert(item.brand);
    ++stocked[shop.category(i)];
    EXPECT_EQ(item.category, category_path(shop.category(i)));
    EXPECT_EQ(item.category.size(), 2u);
    EXPECT_GT(*item.price, 0);
    EXPECT_GT(*item.stock, 0);
    EXPECT_LT(*item.published_at, options().now);
    chinese += static_cast<unsigned char>(item.title[0]) >= 0x80;
    EXPECT_GT(shop.quality(i), 0);
    EXPECT_LE(shop.quality(i), 1);
  }
  EXPECT_EQ(ids.size(), 800u);
  EXPECT_EQ(titles.size(), 800u);
  EXPECT_EQ(brands.size(), 60u);
  EXPECT_NEAR(static_cast<double>(chinese), 80, 30);
  for (const std::size_t count : stocked) EXPECT_EQ(count, 50u);
  EXPECT_FALSE(shop.find(ItemId("nobody")));
}

TEST(Shop, ListsOfDistantCategoriesAreDistant) {
  const Shop shop(options());
  const auto item = [&](std::size_t i) { return shop.items()[i].item_id; };
  EXPECT_DOUBLE_EQ(shop.category_distance({item(0), item(16)}), 0);    // same leaf
  EXPECT_DOUBLE_EQ(shop.category_distance({item(0), item(1)}), 0.5);   // same branch
  EXPECT_DOUBLE_EQ(shop.category_distance({item(0), item(4)}), 1);
  EXPECT_DOUBLE_EQ(shop.category_distance({item(0), item(16), item(4)}), 2.0 / 3);
  EXPECT_DOUBLE_EQ(shop.category_distance({item(0), ItemId("unknown")}), 0);
}

TEST(Shop, OptionsThatCannotBeAreNamed) {
  ShopOptions wrong = options();
  wrong.categories = 1000;
  EXPECT_EQ(validate(wrong).message(), "simulation: categories must be 2 to 24");
  wrong = options();
  wrong.items = 3;
  EXPECT_EQ(validate(wrong).message(), "simulation: items must be at least the number of categories");
  ShoppersOptions shoppers;
  EXPECT_TRUE(validate(shoppers).ok());
  shoppers.malformed = 1.5;
  EXPECT_EQ(validate(shoppers).message(), "simulation: malformed must be in [0, 1]");
  shoppers = {};
  shoppers.fatigue_half_life = std::chrono::minutes(1);
  EXPECT_EQ(validate(shoppers).message(), "simulation: fatigue_half_life must be at least a hundredth of span");
}

}  // namespace
}  // namespace riffle::simulation
