#include "features/catalogue.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/hash.h"

namespace riffle::features {
namespace {

records::Item item(std::string id, std::string title, std::vector<std::string> category,
                   std::string brand = "") {
  records::Item made;
  made.item_id = ItemId(std::move(id));
  made.title = std::move(title);
  made.category = std::move(category);
  made.brand = std::move(brand);
  return made;
}

float similarity(const records::Item& a, const records::Item& b) {
  return kernel_similarity(make_kernel_vector(a), make_kernel_vector(b));
}

TEST(Catalogue, AnItemIsPreparedForReading) {
  records::Item shoes = item("i", "shoes", {"women", "", "shoes"}, "b");
  shoes.price = 19;
  shoes.stock = 0;
  const CatalogueItem made = make_catalogue_item(shoes, from_ms(1000));
  ASSERT_EQ(made.path.size(), 2U) << "empty names are skipped";
  const std::vector<std::string> whole{"women", "shoes"};
  EXPECT_EQ(made.category, category_key(whole));
  EXPECT_EQ(made.path.back(), made.category);
  EXPECT_EQ(made.path.front(), category_key(absl::MakeConstSpan(whole).first(1)));
  EXPECT_FLOAT_EQ(made.log_price, std::log(20.0F));
  EXPECT_FALSE(made.available);
  EXPECT_NE(made.brand, 0U);
  EXPECT_EQ(made.known_since_ms, 1000);
  EXPECT_EQ(category_key({}), CategoryKey(0));
  const std::vector<std::string> joined{"womenshoes"};
  EXPECT_NE(category_key(joined), category_key(whole));
}

TEST(Catalogue, ASnapshotDoesNotSeeWhatComesLater) {
  CatalogueBuilder builder;
  EXPECT_TRUE(builder.upsert(item("a", "old", {}), from_ms(1)));
  builder.set_next_offset(1);
  const auto before = builder.snapshot();
  EXPECT_TRUE(builder.upsert(item("a", "new", {}), from_ms(2)));
  EXPECT_TRUE(builder.upsert(item("b", "other", {}), from_ms(2)));
  builder.erase(ItemId("never there"));
  const auto after = builder.snapshot();
  builder.erase(ItemId("a"));
  EXPECT_EQ(before->items.find(item_key("a"))->item->title, "old");
  EXPECT_EQ(before->items.size(), 1U);
  EXPECT_EQ(before->next_offset, 1);
  EXPECT_EQ(after->items.find(item_key("a"))->item->title, "new");
  EXPECT_EQ(after->items.find(item_key("a"))->known_since_ms, 1)
      << "an item is known since its first record";
  EXPECT_EQ(builder.snapshot()->items.find(item_key("a")), nullptr);
}

TEST(Catalogue, TheNewestAreTheAvailableOnesByDateAndBounded) {
  CatalogueBuilder builder;
  for (int i = 0; i < 1200; ++i) {
    records::Item made = item("i" + std::to_string(i), "", {});
    if (i % 2 == 0) made.published_at = from_ms(1'000'000 + i);
    if (i == 1198) made.stock = 0;
    builder.upsert(made, from_ms(1 + i));
  }
  const auto snapshot = builder.snapshot();
  ASSERT_EQ(snapshot->newest.size(), 1000U);
  EXPECT_EQ(snapshot->newest[0], item_key("i1196")) << "1198 is sold out";
  EXPECT_EQ(snapshot->newest[1], item_key("i1194"));
  EXPECT_EQ(snapshot->newest[599], item_key("i1199"))
      << "known since, where nobody says when it was published";
  builder.erase(ItemId("i1196"));
  EXPECT_EQ(builder.snapshot()->newest[0], item_key("i1194"));
}

TEST(Kernel, TwinsAreOneAndNothingIsOutsideZeroToOne) {
  std::vector<records::Item> items;
  for (int i = 0; i < 40; ++i)
    items.push_back(item(
        "i" + std::to_string(i), i % 5 ? "word" + std::to_string(i) + " red 鞋子" : "",
        i % 7 ? std::vector<std::string>{"c" + std::to_string(i % 4), "d" + std::to_string(i % 9)}
              : std::vector<std::string>{},
        i % 3 ? "b" + std::to_string(i % 6) : ""));
  for (const auto& a : items) {
    EXPECT_NEAR(similarity(a, a), 1, 1e-5) << a.item_id;
    for (const auto& b : items) {
      EXPECT_GE(similarity(a, b), 0);
      EXPECT_LE(similarity(a, b), 1);
      EXPECT_EQ(similarity(a, b), similarity(b, a));
    }
  }
}

TEST(Kernel, SiblingsAreCloserThanStrangersAndDeeperRelativesCloserStill) {
  double siblings = 0, strangers = 0, cousins = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    const auto a = item("a" + n, "", {"top" + n, "middle", "one"});
    siblings += similarity(a, item("b" + n, "", {"top" + n, "middle", "two"}));
    cousins += similarity(a, item("c" + n, "", {"top" + n, "elsewhere", "one"}));
    strangers += similarity(a, item("d" + n, "", {"peak" + n, "middle", "one"}));
  }
  EXPECT_GT(siblings, cousins + 15);
  EXPECT_GT(cousins, strangers + 15);
  EXPECT_LT(strangers / 100, 0.15);
}

TEST(Kernel, SharesOfMissingPartsGoToTheOthers) {
  const auto full = item("a", "red shoes", {"c"}, "b");
  EXPECT_GT(similarity(item("x", "red shoes", {"c"}), item("y", "red shoes", {"c"})), 0.999);
  EXPECT_GT(similarity(full, item("y", "red shoes", {"c"})), 0.8);
  EXPECT_LT(similarity(full, item("y", "", {}, "b")), 0.6);
}

TEST(Kernel, AnItemOfWhichNothingIsKnownIsLikeItselfOnly) {
  const auto nameless = item("a", "", {});
  EXPECT_NEAR(similarity(nameless, nameless), 1, 1e-5);
  EXPECT_LT(similarity(nameless, item("b", "", {})), 0.5);
  EXPECT_EQ(make_kernel_vector(nameless), unknown_kernel_vector(item_key("a")));
}

}  // namespace
}  // namespace riffle::features
