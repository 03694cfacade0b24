#include "serving/gatherer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/serving/shop.h"

namespace riffle::serving {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class Gather : public testing::Test {
 protected:
  std::vector<std::string> ids(const records::Request& request, std::size_t n) {
    ServingContext context = shop.context(request.user_id.str());
    context.hurry = hurry;
    user = features::make_user_context(context.user, *context.catalogue, context.now, shop.rows);
    gatherer = std::make_unique<Gatherer>(options, shop.rows);
    kept_context = context;
    candidates = gatherer->gather(request, kept_context, user, n);
    std::vector<std::string> ids;
    for (const Candidate& candidate : candidates) ids.emplace_back(gatherer->pool().id_of(candidate.item));
    return ids;
  }
  const Candidate& of(const std::string& id) {
    for (const Candidate& candidate : candidates)
      if (gatherer->pool().at(candidate.item).key == item_key(id)) return candidate;
    ADD_FAILURE() << id << " is no candidate";
    return candidates.front();
  }

  // a, b and c are met together by several users; z is popular for itself.
  void busy_shop() {
    for (const std::string id : {"a", "b", "c", "z"}) shop.stock({.id = id, .title = "Item " + id});
    for (int i = 0; i < 6; ++i) {
      const std::string visitor = "visitor" + std::to_string(i);
      shop.click(visitor, "a");
      shop.click(visitor, "b");
      if (i < 3) shop.click(visitor, "c");
    }
    for (int i = 0; i < 20; ++i) shop.click("fan" + std::to_string(i), "z");
    shop.click("me", "a");
    shop.publish_statistics();
  }

  Shop shop;
  ServingOptions options;
  features::UserContext user;
  ServingContext kept_context;
  std::unique_ptr<Gatherer> gatherer;
  std::vector<Candidate> candidates;
  bool hurry = false;
};

TEST_F(Gather, NeighboursOfTheUsersRecentItemsComeWithTheirEvidenceAndKeepAllTheirSources) {
  busy_shop();
  EXPECT_THAT(ids(request_of("me", 3), 3), UnorderedElementsAre("a", "b", "c", "z"));
  const Candidate& b = of("b");
  EXPECT_TRUE(b.has(CandidateSourceId::kTogether));
  EXPECT_TRUE(b.has(CandidateSourceId::kNext));
  EXPECT_TRUE(b.has(CandidateSourceId::kPopular));
  EXPECT_TRUE(b.has(CandidateSourceId::kTrending));
  EXPECT_TRUE(b.has(CandidateSourceId::kFresh));
  EXPECT_FALSE(b.has(CandidateSourceId::kOwn));
  EXPECT_FALSE(b.has(CandidateSourceId::kRequest));
  EXPECT_EQ(b.mark(CandidateSourceId::kTogether).evidence, item_key("a"));
  EXPECT_GT(b.mark(CandidateSourceId::kNext).score, of("c").mark(CandidateSourceId::kNext).score);
  EXPECT_FALSE(of("z").has(CandidateSourceId::kTogether));
  EXPECT_EQ(of("z").mark(CandidateSourceId::kPopular).rank, 0u);
  EXPECT_TRUE(of("a").has(CandidateSourceId::kOwn));
}

TEST_F(Gather, NeighbourScoresEqualTheirFormulas) {
  busy_shop();
  shop.click("me", "z");  // a is now the item before the last
  ids(request_of("me", 3), 3);
  const auto total = [&](const std::string& id) {
    return gatherer->pool().signals(gatherer->pool().resolve(item_key(id))).neighbour_total();
  };
  const auto weight = [&](const std::vector<records::Neighbour>& list, const std::string& id, const records::ItemRow& row) {
    for (const records::Neighbour& neighbour : list)
      if (neighbour.item == item_key(id))
        return static_cast<double>(neighbour.weight) *
               std::exp2(-static_cast<double>(to_ms(shop.now()) - row.neighbour_reference_ms) /
                         static_cast<double>(shop.rows.neighbour_half_life.count()));
    return 0.0;
  };
  const records::ItemRow& a = *shop.row("a");
  const records::ItemRow& z = *shop.row("z");
  for (const std::string id : {"b", "c"}) {
    const double together = weight(z.together, id, z) / std::sqrt((total("z") + 2) * (total(id) + 2)) +
                            weight(a.together, id, a) / (1.1 * std::sqrt((total("a") + 2) * (total(id) + 2)));
    const double next = weight(z.next, id, z) / (total("z") + 5) + .5 * weight(a.next, id, a) / (total("a") + 5);
    EXPECT_GT(together, 0);
    EXPECT_NEAR(static_cast<double>(of(id).mark(CandidateSourceId::kTogether).score) / together, 1, 1e-4) << id;
    EXPECT_NEAR(static_cast<double>(of(id).mark(CandidateSourceId::kNext).score) / next, 1, 1e-4) << id;
  }
}

TEST_F(Gather, TitlesLikeTheRecentItemsAreFoundBeforeAnybodyTookThem) {
  shop.stock({.id = "bowl", .title = "Red walnut bowl"});
  shop.stock({.id = "spoon", .title = "Walnut spoon"});
  shop.stock({.id = "lamp", .title = "Lamp"});
  shop.click("me", "bowl");
  shop.publish_statistics();
  options.sources.similar = 10;
  ids(request_of("me", 3), 3);
  const Candidate& spoon = of("spoon");
  ASSERT_TRUE(spoon.has(CandidateSourceId::kSimilar));
  EXPECT_EQ(spoon.mark(CandidateSourceId::kSimilar).evidence, item_key("bowl"));
  // Three titles: idf is ln 4 of a word that one has, ln 2.5 of walnut.
  const double rare = std::log(4.) * std::log(4.), shared = std::log(2.5) * std::log(2.5);
  EXPECT_NEAR(static_cast<double>(spoon.mark(CandidateSourceId::kSimilar).score),
              shared / std::sqrt((2 * rare + shared) * (rare + shared)), 1e-6);
  EXPECT_FALSE(of("lamp").has(CandidateSourceId::kSimilar));
}

TEST_F(Gather, OtherShardsNeighboursCountAndTheOwnPublishedPartDoesNotCountTwice) {
  busy_shop();
  ids(request_of("me", 3), 3);
  const float alone = of("b").mark(CandidateSourceId::kTogether).score;
  records::ItemRow elsewhere = *shop.row("a");
  shop.publish(item_key("a"), Partition(1), elsewhere);
  ids(request_of("me", 3), 3);
  EXPECT_GT(of("b").mark(CandidateSourceId::kTogether).score, 1.2f * alone);
}

TEST_F(Gather, SourcesTakeTurnsUntilThereAreEnough) {
  busy_shop();
  options.candidates = 2;
  // The first turn: together's best, then next's best (the same), then the user's own.
  EXPECT_THAT(ids(request_of("me", 1), 1), ElementsAre("b", "a"));
}

TEST_F(Gather, RulesHoldForEverySource) {
  busy_shop();
  shop.stock({.id = "sold-out", .title = "None left", .stock = 0});
  shop.click("fan1", "sold-out");
  shop.click("fan1", "unheard");
  shop.buy("me", "c");
  shop.publish_statistics();
  records::Request request = request_of("me", 10);
  request.exclude_items = {ItemId("z")};
  EXPECT_THAT(ids(request, 10), UnorderedElementsAre("a", "b", "unheard"));
  options.repeat_purchased = true;
  EXPECT_THAT(ids(request, 10), UnorderedElementsAre("a", "b", "c", "unheard"));
  options.serve_unknown_items = false;
  options.repeat_seen = false;
  EXPECT_THAT(ids(request, 10), UnorderedElementsAre("b", "c"));
}

TEST_F(Gather, ARequestsCandidatesAreTheOnlyOnesAndMayBeUnheardOf) {
  busy_shop();
  options.serve_unknown_items = false;
  shop.stock({.id = "sold-out", .title = "None left", .stock = 0});
  records::Request request = request_of("me", 10);
  request.candidates = {{ItemId("new!"), .5}, {ItemId("b"), {}}, {ItemId("new!"), .9}, {ItemId("sold-out"), 1.}, {ItemId("z"), 2.}};
  request.exclude_items = {ItemId("z")};
  EXPECT_THAT(ids(request, 10), ElementsAre("new!", "b"));
  EXPECT_EQ(gatherer->pool().at(of("new!").item).given(), .5f);
  EXPECT_TRUE(of("b").has(CandidateSourceId::kTogether));  // a reason, and a feature
  EXPECT_TRUE(of("b").has(CandidateSourceId::kRequest));
}

TEST_F(Gather, MoreCandidatesThanTheUsualNumberAreKeptWhereTheRequestBringsThem) {
  options.candidates = 5;
  records::Request request = request_of("nobody", 3);
  for (int i = 0; i < 50; ++i) request.candidates.push_back({ItemId("i" + std::to_string(i)), {}});
  EXPECT_EQ(ids(request, 3).size(), 50u);
}

TEST_F(Gather, AColdUserGetsPopularTrendingAndNewItems) {
  busy_shop();
  shop.stock({.id = "brand-new", .title = "Brand new", .published_ms = Shop::kStart + 1});
  EXPECT_THAT(ids(request_of("nobody", 3), 3), UnorderedElementsAre("a", "b", "c", "z", "brand-new"));
  EXPECT_TRUE(of("brand-new").has(CandidateSourceId::kFresh));
}

TEST_F(Gather, AShopWithoutStatisticsListsItsCatalogue) {
  for (int i = 0; i < 30; ++i) shop.stock({.id = "i" + std::to_string(i), .title = "Item"});
  options.sources.fresh = 4;
  options.sources.explore = 0;
  EXPECT_EQ(ids(request_of("nobody", 3), 3).size(), 4u);
  EXPECT_EQ(ids(request_of("nobody", 25), 25).size(), 25u);
  EXPECT_EQ(ids(request_of("nobody", 100), 100).size(), 30u);
}

TEST_F(Gather, PopularItemsOfALikedCategoryAreFoundWithoutNeighbours) {
  shop.stock({.id = "boot", .title = "Boot", .category = {"sport", "ski"}});
  shop.stock({.id = "pole", .title = "Pole", .category = {"sport", "ski"}});
  shop.stock({.id = "novel", .title = "Novel", .category = {"books", "fiction"}});
  for (int i = 0; i < 5; ++i) {
    shop.click("skier" + std::to_string(i), "pole");
    shop.click("reader" + std::to_string(i), "novel");
  }
  shop.click("me", "boot");
  shop.publish_statistics();
  options.sources = {.together = 0, .next = 0, .category = 10, .popular = 0, .trending = 0, .own = 0, .fresh = 0, .explore = 0};
  EXPECT_THAT(ids(request_of("me", 2), 0), UnorderedElementsAre("pole", "boot"));
  EXPECT_TRUE(of("pole").has(CandidateSourceId::kCategory));
}

TEST_F(Gather, EveryListExploresAnotherHandfulAndTheSameListTheSameOne) {
  for (int i = 0; i < 200; ++i) shop.stock({.id = "i" + std::to_string(i), .title = "Item"});
  options.sources = {.together = 0, .next = 0, .category = 0, .popular = 0, .trending = 0, .own = 0, .fresh = 0, .explore = 10};
  const auto first = ids(request_of("me", 2), 2);
  EXPECT_EQ(first.size(), 10u);
  EXPECT_EQ(first, ids(request_of("me", 2), 2));
  EXPECT_NE(first, ids(request_of("you", 2), 2));
}

TEST_F(Gather, APolicyAsksOnlyTheSourcesThatItNames) {
  busy_shop();
  PolicyOptions policy;
  policy.sources = {"popular"};
  ServingContext context = shop.context("me");
  context.options = &policy;
  const auto me = features::make_user_context(context.user, *context.catalogue, context.now, shop.rows);
  Gatherer gathering(options, shop.rows);
  for (const Candidate& candidate : gathering.gather(request_of("me", 2), context, me, 2)) {
    EXPECT_TRUE(candidate.has(CandidateSourceId::kPopular));
    EXPECT_FALSE(candidate.has(CandidateSourceId::kTogether));
  }
}

TEST_F(Gather, TheWholeCatalogueIsTheLastResort) {
  for (int i = 0; i < 3000; ++i) shop.stock({.id = "i" + std::to_string(i), .title = "Item"});
  const auto all = ids(request_of("nobody", 2500), 2500);
  EXPECT_EQ(all.size(), 2500u);
  EXPECT_EQ(all, ids(request_of("nobody", 2500), 2500));
}

TEST_F(Gather, NothingAtAllIsNoError) {
  EXPECT_THAT(ids(request_of("nobody", 3), 3), IsEmpty());
  const ServingContext bare;
  EXPECT_THAT(Gatherer(options, shop.rows).gather(request_of("nobody", 3), bare, {}, 3), IsEmpty());
}

TEST_F(Gather, InAHurryOnlyPopularItemsAreLookedAt) {
  busy_shop();
  hurry = true;
  ids(request_of("me", 2), 2);
  for (const Candidate& candidate : candidates)
    EXPECT_EQ(candidate.sources, 1u << index_of(CandidateSourceId::kPopular));
}

TEST_F(Gather, WhatTheUserTurnedAwayFromLeadsNowhere) {
  busy_shop();
  shop.event("other", records::InteractionType::kDislike, "a");
  ids(request_of("other", 3), 3);
  EXPECT_FALSE(of("b").has(CandidateSourceId::kTogether));
}

TEST_F(Gather, AColdCacheReadsTheStoreInFewCalls) {
  // Rows that only the store has: the first miss fetches the rest in one call, and the answers are the same.
  busy_shop();
  state::MemoryStore store;
  state::WriteBatch batch;
  for (const std::string id : {"a", "b", "c", "z"}) {
    std::string bytes;
    encode(*shop.row(id), bytes);
    batch.put(state::Column::kItems, features::item_row_key(item_key(id)), bytes);
  }
  ASSERT_TRUE(store.write(batch, true).ok());
  state::RowCache<records::ItemRow> cold(&store, state::Column::kItems, 100);
  const auto warm_ids = ids(request_of("me", 3), 3);
  ServingContext context = shop.context("me");
  context.items = &cold;
  Gatherer other(options, shop.rows);
  std::vector<std::string> cold_ids;
  for (const Candidate& candidate : other.gather(request_of("me", 3), context, user, 3))
    cold_ids.emplace_back(other.pool().id_of(candidate.item));
  EXPECT_EQ(cold_ids, warm_ids);
}

}  // namespace
}  // namespace riffle::serving
