#include "replay/list_figures.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace riffle::replay {
namespace {

records::Recommendation list(const std::string& policy, const std::vector<std::string>& items) {
  records::Recommendation made;
  made.policy_id = PolicyId(policy);
  made.policy_version = items.size();
  for (const std::string& item : items) made.items.push_back({ItemId(item), 0, 0, 0, ""});
  return made;
}

std::vector<ItemKey> keys(const std::vector<std::string>& items) {
  std::vector<ItemKey> keys;
  for (const std::string& item : items) keys.push_back(key_of(ItemId(item)));
  return keys;
}

// a and b are of one category, c of another one.
std::shared_ptr<const features::Catalogue> catalogue() {
  features::CatalogueBuilder builder;
  for (const auto& [id, category] : {std::pair("a", "x"), {"b", "x"}, {"c", "y"}}) {
    records::Item item;
    item.item_id = ItemId(id);
    item.category = {category};
    EXPECT_TRUE(builder.upsert(item, from_ms(1)));
  }
  return builder.snapshot();
}

TEST(ListFigures, AgreementIsTheShareOfCommonItemsOfTheFirstOneAndOfWholeLists) {
  const auto known = catalogue();
  ListFigures figures;
  figures.add(list("p", {"a", "b", "c"}), *known, keys({"a", "c", "d", "e"}));  // 2 of 4, the first one too
  figures.add(list("p", {"a", "b"}), *known, keys({"a", "b"}));
  figures.add(list("p", {"b", "a"}), *known, keys({"a", "b"}));
  figures.add(list("p", {}), *known, keys({}));
  figures.add(list("p", {"a"}), *known, std::nullopt);  // the log does not tell
  const PolicyFigures& p = figures.by_policy().at(PolicyId("p"));
  EXPECT_EQ(p.lists, 5U);
  EXPECT_EQ(p.compared, 4U);
  EXPECT_EQ(p.identical, 2U);
  EXPECT_EQ(p.same_first, 2U);
  EXPECT_DOUBLE_EQ(p.overlap(), (.5 + 1 + 1 + 1) / 4);
}

TEST(ListFigures, DistanceIsTheMeanOverListsOfTwoKnownItemsAndCoverageTheirDistinctItems) {
  const auto known = catalogue();
  ListFigures figures;
  figures.add(list("p", {"a", "b"}), *known, std::nullopt);       // 0
  figures.add(list("p", {"a", "c"}), *known, std::nullopt);       // 1
  figures.add(list("p", {"a", "nobody"}), *known, std::nullopt);  // one known item: not measured
  const PolicyFigures& p = figures.by_policy().at(PolicyId("p"));
  EXPECT_EQ(p.measured, 2U);
  EXPECT_DOUBLE_EQ(p.distance(), .5);
  EXPECT_EQ(p.items.size(), 4U);
}

TEST(ListFigures, OfAllPoliciesItemsThatSeveralListedCountOnce) {
  const auto known = catalogue();
  ListFigures figures;
  auto degraded = list("p", {"a", "b"});
  degraded.degraded = {"short"};
  figures.add(degraded, *known, std::nullopt);
  figures.add(list("q", {"b", "c", "a"}), *known, std::nullopt);
  const PolicyFigures all = figures.all();
  EXPECT_EQ(all.lists, 2U);
  EXPECT_EQ(all.slots, 5U);
  EXPECT_EQ(all.items.size(), 3U);
  EXPECT_EQ(all.version, 3U);
  EXPECT_EQ(all.degraded.at("short"), 1U);
}

}  // namespace
}  // namespace riffle::replay
