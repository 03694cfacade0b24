#include "serving/recommender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "features/feature_vector.h"
#include "features/join_outcome.h"
#include "features/user_features.h"
#include "learner/trainer.h"
#include "records/candidate_table.h"
#include "records/json_codec.h"
#include "serving/candidate.h"
#include "serving/choice_log.h"
#include "tests/serving/recommend_fixture.h"

namespace riffle::serving {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(Recommend, TheListThatIsPublishedIsTheDecisionThatIsKept) {
  busy_shop();
  known_degraded = {"events_lag"};
  const pb::Decision decision = recommend(request_of("u1", 10));
  const auto list = records::decode_recommendation(decision.list());
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->recommendation_id.str(), decision.recommendation_id());
  EXPECT_EQ(list->request_id.str(), "r1");
  EXPECT_EQ(list->user_id.str(), "u1");
  EXPECT_EQ(list->surface, "home");
  EXPECT_EQ(to_ms(list->timestamp), decision.time_ms());
  EXPECT_EQ(list->policy_id.str(), "main");
  EXPECT_EQ(list->policy_version, 3u);
  EXPECT_EQ(list->slate_propensity, decision.slate_propensity());
  EXPECT_THAT(list->degraded, ElementsAre("events_lag"));
  ASSERT_EQ(list->items.size(), 10u);
  for (int i = 0; i < 10; ++i) {
    const records::ListedItem& item = list->items[static_cast<std::size_t>(i)];
    EXPECT_EQ(item.item_id.str(), decision.slots(i).item_id());
    EXPECT_EQ(item.position, i);
    EXPECT_NEAR(item.score, static_cast<double>(decision.slots(i).score()), 1e-6);
    EXPECT_EQ(item.propensity, decision.slots(i).propensity());
    EXPECT_EQ(item.source, name_of(static_cast<CandidateSourceId>(decision.slots(i).sources(0).source())));
  }
  EXPECT_THAT(decision.list(), HasSubstr(R"("as_of":{"events":41,"policy/main":3})"));
  EXPECT_THAT(decision.list(), HasSubstr(R"("took_ms":1.25)"));
}

TEST_F(Recommend, ADecisionHoldsAllThatLearningNeeds) {
  busy_shop();
  const pb::Decision decision = recommend(request_of("u1", 10));
  EXPECT_EQ(decision.recommendation_id().size(), 32u);
  EXPECT_EQ(decision.request_hash(), 99u);
  EXPECT_EQ(decision.ordinal(), 12u);
  EXPECT_EQ(decision.time_ms(), to_ms(shop.now()));
  EXPECT_FALSE(decision.segment().empty());
  EXPECT_EQ(decision.feature_fingerprint(), features::feature_fingerprint());
  EXPECT_EQ(decision.explore(), 1);
  EXPECT_EQ(decision.diversity(), shop.policy.diversifier.weight);
  EXPECT_EQ(decision.traceparent(), "00-trace");
  EXPECT_FALSE(decision.randomised());
  double product = 1;
  std::set<std::uint64_t> listed;
  const std::set<std::uint64_t> known(decision.candidate_keys().begin(), decision.candidate_keys().end());
  const std::set<std::uint64_t> categories(decision.candidate_categories().begin(), decision.candidate_categories().end());
  EXPECT_EQ(static_cast<int>(categories.size()), decision.candidate_categories_size());
  for (const pb::Slot& slot : decision.slots()) {
    EXPECT_EQ(slot.item_key(), item_key(slot.item_id()).value());
    EXPECT_TRUE(known.contains(slot.item_key()));
    EXPECT_TRUE(categories.contains(slot.category_key()));
    EXPECT_TRUE(listed.insert(slot.item_key()).second);
    EXPECT_EQ(slot.features_size(), static_cast<int>(features::kFeatureCount));
    EXPECT_EQ(slot.score(), slot.features(static_cast<int>(features::feature_index("next"))));  // as it was scored
    EXPECT_GT(slot.propensity(), 0);
    EXPECT_GT(slot.allowed(), 0u);
    EXPECT_GT(slot.sources_size(), 0);
    product *= slot.propensity();
  }
  EXPECT_DOUBLE_EQ(decision.slate_propensity(), product);
}

TEST_F(Recommend, EqualInputsGiveEqualBytesAndAnotherPlaceAnotherId) {
  busy_shop();
  const pb::Decision first = recommend(request_of("u1", 10));
  EXPECT_EQ(first.SerializeAsString(), recommend(request_of("u1", 10)).SerializeAsString());
  EXPECT_NE(first.recommendation_id(), recommend(request_of("u1", 10), 6).recommendation_id());
  origin = "requests/0/8";
  EXPECT_NE(first.recommendation_id(), recommend(request_of("u1", 10)).recommendation_id());
}

TEST_F(Recommend, LaterDecisionsHaveLaterIds) {
  busy_shop();
  std::string last;
  for (int minute = 0; minute < 20; ++minute) {
    shop.view("u1", "i1");
    const std::string id = recommend(request_of("u1", 10)).recommendation_id();
    EXPECT_LT(last, id);
    last = id;
  }
}

TEST_F(Recommend, ScratchMemoryOfTheRequestBeforeDoesNotShow) {
  busy_shop();
  Recommender used(options, shop.rows, metrics);
  Rng other(1);
  records::Request with_candidates = request_of("u2", 40);
  with_candidates.candidates = {{ItemId("i1"), 1.}, {ItemId("i2"), 2.}};
  used.recommend(with_candidates, shop.context("u2"), other, {});
  used.recommend(request_of("u3", 50), shop.context("u3"), other, {});
  Recommender fresh(options, shop.rows, metrics);
  Rng a(5), b(5);
  EXPECT_EQ(used.recommend(request_of("u1", 10), shop.context("u1"), a, {}).SerializeAsString(),
            fresh.recommend(request_of("u1", 10), shop.context("u1"), b, {}).SerializeAsString());
}

TEST_F(Recommend, WhatIsKeptFromListToListNeverShowsWhateverHappensInBetween) {
  busy_shop();
  Recommender used(options, shop.rows, metrics);
  Rng rng(11);
  const features::FreshItems fresh = shop.fresh_items();
  std::size_t lists = 0;
  for (int snapshot = 0; snapshot < 12; ++snapshot) {
    ServingContext context = shop.context("u0");
    context.fresh = &fresh;
    for (int step = 0; step < 12; ++step) {
      const std::string user = "u" + std::to_string(rng.below(45));
      if (rng.below(4) == 0) shop.click(user, "i" + std::to_string(rng.below(70)));
      context.user = shop.user_row(user);
      context.now = shop.now();
      records::Request request = request_of(user, static_cast<int>(1 + rng.below(20)));
      if (rng.below(5) == 0) request.candidates = {{ItemId("i3"), 1.}, {ItemId("new"), 2.}};
      if (rng.below(5) == 0) request.exclude_items = {ItemId("i5"), ItemId("i6")};
      Recommender new_one(options, shop.rows, metrics);
      Rng a(7), b(7);
      ASSERT_EQ(used.recommend(request, context, a, {}).SerializeAsString(),
                new_one.recommend(request, context, b, {}).SerializeAsString())
          << "snapshot " << snapshot << ", step " << step;
      lists += 1;
    }
    if (rng.below(3) == 0) shop.stock({.id = "late" + std::to_string(snapshot), .category = {"top1"}});
    shop.publish_statistics();
  }
  EXPECT_EQ(lists, 144U);
}

TEST_F(Recommend, AListIsTheSameWithoutALookAtRowsThatAreAsThePublishedSumsSay) {
  busy_shop();
  const auto listed = [&](const features::FreshItems* fresh) {
    ServingContext context = shop.context("u1");
    context.fresh = fresh;
    Recommender recommender(options, shop.rows, metrics);
    Rng rng(5);
    return spread(recommender.recommend(request_of("u1", 10), context, rng, {}));
  };
  const pb::Decision looked = listed(nullptr);
  const features::FreshItems fresh = shop.fresh_items();
  ASSERT_TRUE(fresh.empty());
  const pb::Decision trusted = listed(&fresh);
  ASSERT_EQ(looked.slots_size(), trusted.slots_size());
  for (int i = 0; i < looked.slots_size(); ++i) {
    EXPECT_EQ(looked.slots(i).item_id(), trusted.slots(i).item_id());
    EXPECT_NEAR(looked.slots(i).score(), trusted.slots(i).score(), 1e-5);
  }
  EXPECT_EQ(std::vector(looked.candidate_keys().begin(), looked.candidate_keys().end()),
            std::vector(trusted.candidate_keys().begin(), trusted.candidate_keys().end()));
}

TEST_F(Recommend, WhatJustHappenedCountsBeforeItIsPublished) {
  busy_shop();
  for (int i = 0; i < 30; ++i) shop.click("u" + std::to_string(i), "i7");
  ServingContext context = shop.context("nobody");
  const features::FreshItems fresh = shop.fresh_items();
  ASSERT_TRUE(fresh.contains(item_key("i7")));
  const auto popularity = [&](const features::FreshItems* items) {
    context.fresh = items;
    records::Request request = request_of("nobody", 1);
    request.candidates = {{ItemId("i7"), {}}};
    Recommender recommender(options, shop.rows, metrics);
    Rng rng(5);
    return spread(recommender.recommend(request, context, rng, {})).slots(0).features(
        static_cast<int>(features::feature_index("popularity")));
  };
  EXPECT_EQ(popularity(&fresh), popularity(nullptr));
  const features::FreshItems nothing(nullptr);
  EXPECT_GT(popularity(&fresh), popularity(&nothing));
}

TEST_F(Recommend, TheBytesOfADecisionSayWhatItSays) {
  busy_shop();
  Recommender recommender(options, shop.rows, metrics);
  for (const char* user : {"u1", "u2"}) {
    Rng rng(5);
    const pb::Decision& decision = recommender.recommend(request_of(user, 10), shop.context(user), rng, {});
    pb::Decision parsed;
    ASSERT_TRUE(parsed.ParseFromString(std::string(recommender.encoded())));
    EXPECT_EQ(parsed.SerializeAsString(), decision.SerializeAsString());
  }
}

// Scores by the segment that it was told, and names it by the first of the user's numbers.
class NamesUsers final : public learner::Scorer {
 public:
  void score(const learner::ScoringBatch& batch, std::span<float> scores) const override {
    told = std::string(batch.segment);
    std::fill(scores.begin(), scores.end(), 0.5F);
  }
  bool reads_user() const override { return true; }
  std::string segment_of(std::span<const float> user, std::string_view rule) const override {
    return user.size() == features::kUserFeatureCount && user.back() < 1 ? "known" : "not known, by rule " + std::string(rule);
  }
  mutable std::string told;
};

TEST_F(Recommend, AScorersOwnSegmentIsLoggedAndScoredBy) {
  busy_shop();
  const auto scorer = std::make_shared<NamesUsers>();
  shop.version.scorer = scorer;
  const pb::Decision known = recommend(request_of("u1", 5));
  EXPECT_EQ(known.segment(), "known");
  EXPECT_EQ(scorer->told, "known");
  EXPECT_EQ(recommend(request_of("nobody", 5)).segment(), "not known, by rule new|-");
}

TEST_F(Recommend, UsersFeaturesAreLoggedWhereAPolicyLearnsFromThem) {
  busy_shop();
  const auto logged = [&](bool wanted) {
    ServingContext context = shop.context("u1");
    context.log_user = wanted;
    Recommender recommender(options, shop.rows, metrics);
    Rng rng(5);
    return recommender.recommend(request_of("u1", 5), context, rng, {});
  };
  EXPECT_TRUE(logged(false).user_features().empty());
  const pb::Decision decision = logged(true);
  ASSERT_EQ(decision.user_features_size(), static_cast<int>(features::kUserFeatureCount));
  EXPECT_TRUE(std::any_of(decision.user_features().begin(), decision.user_features().end() - 3, [](float x) { return x != 0; }));
  pb::Outcome outcome;
  features::fill_outcome(decision, features::make_join(decision), features::make_join(decision), false, 1, Partition(0), outcome);
  EXPECT_EQ(std::vector(outcome.user_features().begin(), outcome.user_features().end()),
            std::vector(decision.user_features().begin(), decision.user_features().end()));
}

TEST_F(Recommend, MoreThanThereIsGivesAShortList) {
  busy_shop(7);
  const pb::Decision decision = recommend(request_of("nobody", 50));
  EXPECT_EQ(decision.slots_size(), 7);
  EXPECT_THAT(degraded(decision), ElementsAre("short"));
}

TEST_F(Recommend, AShopWithNothingGivesAnEmptyListThatSaysSo) {
  const pb::Decision decision = recommend(request_of("nobody", 5));
  EXPECT_EQ(decision.slots_size(), 0);
  EXPECT_THAT(degraded(decision), ElementsAre("empty"));
  EXPECT_EQ(decision.slate_propensity(), 1);
  EXPECT_TRUE(records::decode_recommendation(decision.list()).ok());
}

TEST_F(Recommend, ColdUsersAndColdItemsGetAList) {
  busy_shop();
  shop.stock({.id = "cold", .title = "Cold"});
  EXPECT_EQ(recommend(request_of("nobody", 10)).slots_size(), 10);
  records::Request request = request_of("u1", 10);
  request.candidates = {{ItemId("cold"), {}}, {ItemId("never heard of"), {}}};
  const pb::Decision decision = recommend(request);
  EXPECT_EQ(decision.slots_size(), 2);
  EXPECT_THAT(degraded(decision), ElementsAre("short"));
}

TEST_F(Recommend, ARequestWithoutNGetsTheDefaultLength) {
  busy_shop();
  options.default_n = 6;
  records::Request request = request_of("u1", 1);
  request.n.reset();
  EXPECT_EQ(recommend(request).slots_size(), 6);
}

TEST_F(Recommend, TheDialsSetExplorationAndDiversity) {
  busy_shop();
  records::Request request = request_of("u1", 10);
  request.explore = 0;
  request.diversity = .75;
  const pb::Decision greedy = recommend(request);
  EXPECT_EQ(greedy.slate_propensity(), 1);
  EXPECT_EQ(greedy.explore(), 0);
  EXPECT_EQ(greedy.diversity(), .75);
  EXPECT_THAT(greedy.list(), Not(HasSubstr("explored")));
  request.diversity = 0;
  const pb::Decision by_score = recommend(request);
  for (int i = 1; i < by_score.slots_size(); ++i) EXPECT_LE(by_score.slots(i).score(), by_score.slots(i - 1).score());
}

TEST_F(Recommend, APolicyThatHasLearnedNothingRanksByPopularityAndSaysSo) {
  busy_shop();
  shop.version = {};
  shop.policy.scorer = "linear";
  records::Request request = request_of("u1", 10);
  request.explore = 0;
  request.diversity = 0;
  const pb::Decision decision = recommend(request);
  EXPECT_THAT(degraded(decision), ElementsAre("untrained"));
  const auto popularity = static_cast<int>(features::feature_index("popularity"));
  for (const pb::Slot& slot : decision.slots()) EXPECT_EQ(slot.score(), slot.features(popularity));
  forget_policy = true;
  EXPECT_THAT(degraded(recommend(request)), ElementsAre("no_policy"));
}

TEST_F(Recommend, PoliciesThatNeedNoLearningAreNotDegradedWithoutAVersion) {
  busy_shop();
  shop.version = {};
  for (const std::string scorer : {"popularity", "given", "random"}) {
    shop.policy.scorer = scorer;
    const pb::Decision decision = recommend(request_of("u1", 5));
    EXPECT_THAT(degraded(decision), IsEmpty()) << scorer;
    EXPECT_EQ(decision.randomised(), scorer == "random");
  }
}

TEST_F(Recommend, GivenScoresDecideForThePolicyGiven) {
  busy_shop();
  shop.version = {};
  shop.policy.scorer = "given";
  shop.policy.explorer.kind = "greedy";
  shop.policy.diversifier.kind = "none";
  records::Request request = request_of("u1", 3);
  request.candidates = {{ItemId("i1"), .1}, {ItemId("i2"), .9}, {ItemId("i3"), .5}, {ItemId("i4"), {}}};
  const pb::Decision decision = recommend(request);
  EXPECT_EQ(decision.slots(0).item_id(), "i2");
  EXPECT_EQ(decision.slots(1).item_id(), "i3");
  EXPECT_EQ(decision.slots(2).item_id(), "i1");
  EXPECT_THAT(decision.list(), HasSubstr(R"("source":"request")"));
}

TEST_F(Recommend, ShortOfTimeItListsPopularItemsAndSaysSo) {
  busy_shop();
  hurry = true;
  const pb::Decision decision = recommend(request_of("u1", 5));
  EXPECT_EQ(decision.slots_size(), 5);
  EXPECT_THAT(degraded(decision), ElementsAre("deadline"));
}

TEST_F(Recommend, CapsThatCannotHoldAreSaid) {
  busy_shop();
  shop.policy.caps = {{.depth = 1, .most = 1, .window = 10}};
  EXPECT_THAT(degraded(recommend(request_of("u1", 5))), IsEmpty());
  EXPECT_THAT(degraded(recommend(request_of("u1", 6))), ElementsAre("caps"));
}

TEST_F(Recommend, SampledCandidatesAreDifferentOnesOfAllAndAFullLogHasThemAll) {
  busy_shop();
  options.full_log_share = 0;
  pb::Decision decision = recommend(request_of("u1", 5));
  EXPECT_FALSE(decision.fully_logged());
  EXPECT_EQ(decision.log_probability(), 0);
  const std::set<std::uint64_t> all(decision.candidate_keys().begin(), decision.candidate_keys().end());
  std::set<std::uint64_t> sampled;
  for (const pb::CandidateLog& log : decision.candidates()) {
    EXPECT_TRUE(all.contains(log.item_key()));
    EXPECT_TRUE(sampled.insert(log.item_key()).second);
    EXPECT_EQ(log.features_size(), static_cast<int>(features::kFeatureCount));
  }
  EXPECT_EQ(sampled.size(), options.sampled_candidates);
  options.full_log_share = 1;
  decision = recommend(request_of("u1", 5));
  EXPECT_TRUE(decision.fully_logged());
  EXPECT_EQ(decision.log_probability(), 1);
  EXPECT_EQ(decision.candidates_size(), decision.candidate_keys_size());
}

TEST_F(Recommend, AFullLogHasAllThatItsPropensitiesWereMadeOf) {
  busy_shop();
  options.full_log_share = 0;
  EXPECT_FALSE(recommend(request_of("u1", 5)).has_choice()) << "it would make every decision several times as large";
  options.full_log_share = 1;
  records::Request request = request_of("u1", 5);
  request.diversity = .6;
  request.explore = .5;
  for (const std::string_view diversifier : diversifier_kinds()) {
    SCOPED_TRACE(diversifier);
    shop.policy.diversifier.kind = std::string(diversifier);
    const pb::Decision decision = recommend(request);
    ASSERT_TRUE(decision.has_choice());
    EXPECT_TRUE(decision.choice().diversity_asked());
    EXPECT_EQ(decision.choice().candidates_size(), decision.candidates_size());
    EXPECT_GT(decision.choice().tastes_size(), 0);
    pb::Outcome outcome;
    const pb::Join join = features::make_join(decision);
    features::fill_outcome(decision, join, join, true, 1, Partition(0), outcome);
    LoggedChoice choice;
    ASSERT_EQ(choice.read(outcome), "");
    SlateBuilder builder;
    int slot = 0;
    builder.walk(choice.input(), [&](const Distribution& distribution, std::span<const std::uint32_t>) {
      const auto keys = choice.keys();
      const auto at = static_cast<std::uint32_t>(
          std::find(keys.begin(), keys.end(), ItemKey(decision.slots(slot).item_key())) - keys.begin());
      EXPECT_EQ(probability(distribution, at), decision.slots(slot).propensity());
      ++slot;
      return at;
    });
    EXPECT_EQ(slot, 5);
  }
}

TEST_F(Recommend, ACalibratedListHasTheCategoriesThatItsUserTook) {
  busy_shop();
  shop.policy.explorer.kind = "greedy";
  shop.policy.diversifier.kind = "calibration";
  for (int i = 0; i < 40; ++i) shop.click("fan", i % 4 < 3 ? "i0" : "i1");  // of top0 and top1, three to one
  shop.policy.reward_ceiling = 1e9;  // nothing else counts
  records::Request request = request_of("fan", 8);
  request.diversity = 1;
  std::map<int, int> listed;
  const pb::Decision decision = recommend(request);
  for (const pb::Slot& slot : decision.slots()) ++listed[std::stoi(slot.item_id().substr(1)) % 5];
  EXPECT_GE(listed[0], 5);
  EXPECT_GE(listed[1], 1);
  EXPECT_LE(listed[1], 3);
}

TEST_F(Recommend, TheSampleIsUniformOverTheCandidates) {
  busy_shop(20);
  options.full_log_share = 0;
  options.sampled_candidates = 5;
  std::map<std::uint64_t, int> counts;
  for (std::uint64_t seed = 0; seed < 800; ++seed) {
    const pb::Decision decision = recommend(request_of("nobody", 2), seed);
    for (const pb::CandidateLog& log : decision.candidates()) ++counts[log.item_key()];
  }
  EXPECT_EQ(counts.size(), 20u);
  for (const auto& [key, count] : counts) EXPECT_NEAR(count, 200, 6 * std::sqrt(200 * .75)) << key;
}

TEST_F(Recommend, TheShareOfFullLogsIsAsConfigured) {
  busy_shop(7);
  options.full_log_share = .3;
  int full = 0;
  for (int i = 0; i < 500; ++i) {
    origin = "requests/0/" + std::to_string(i);
    full += recommend(request_of("u1", 1)).fully_logged();
  }
  EXPECT_NEAR(full, 150, 45);
}

TEST_F(Recommend, ReasonsNameWhatTheUserReallyDid) {
  shop.stock({.id = "tent", .title = "Blue tent"});
  shop.stock({.id = "bag", .title = "Sleeping bag"});
  for (int i = 0; i < 5; ++i) {
    shop.view("v" + std::to_string(i), "tent");
    shop.view("v" + std::to_string(i), "bag");
  }
  shop.view("viewer", "tent");
  shop.click("clicker", "tent");
  shop.buy("buyer", "tent");
  shop.event("chooser", records::InteractionType::kAddToCart, "tent");
  shop.publish_statistics();
  const auto list = [&](const std::string& user, const std::string& language) {
    records::Request request = request_of(user, 1);
    request.exclude_items = {ItemId("tent")};
    request.language = language;
    return recommend(request).list();
  };
  EXPECT_THAT(list("viewer", "en"), HasSubstr(R"({"code":"because_viewed","evidence":"tent","text":"Because you viewed Blue tent"})"));
  EXPECT_THAT(list("clicker", "en"), HasSubstr(R"("code":"because_clicked","evidence":"tent")"));
  EXPECT_THAT(list("chooser", "en"), HasSubstr(R"("code":"because_chosen","evidence":"tent")"));
  EXPECT_THAT(list("buyer", "zh-CN"), HasSubstr(R"({"code":"because_bought","evidence":"tent","text":"因为您购买过“Blue tent”"})"));
  EXPECT_THAT(list("viewer", "xx"), HasSubstr("Because you viewed Blue tent"));
  options.language = "zh";
  EXPECT_THAT(list("viewer", "xx"), HasSubstr("因为您浏览过“Blue tent”"));
}

TEST_F(Recommend, OwnItemsSayHowOftenTheyWereBought) {
  options.repeat_purchased = true;
  shop.stock({.id = "milk", .title = "Milk"});
  shop.view("viewer", "milk");
  shop.buy("once", "milk");
  shop.buy("twice", "milk");
  shop.buy("twice", "milk");
  EXPECT_THAT(recommend(request_of("viewer", 1)).list(), HasSubstr("own_seen"));
  EXPECT_THAT(recommend(request_of("once", 1)).list(), HasSubstr("own_bought"));
  EXPECT_THAT(recommend(request_of("twice", 1)).list(), HasSubstr("You often buy this"));
}

TEST_F(Recommend, WhatIsThereByExplorationSaysSoAndWhatIsBestDoesNot) {
  busy_shop();
  shop.policy.explorer.kind = "epsilon";
  shop.policy.explorer.epsilon = .5;
  const pb::Decision decision = recommend(request_of("u1", 10));
  std::size_t said = 0;
  for (std::size_t at = decision.list().find("explored"); at != std::string::npos;
       at = decision.list().find("explored", at + 1))
    ++said;
  std::size_t unlikely = 0;
  for (const pb::Slot& slot : decision.slots()) unlikely += slot.propensity() < .5;
  EXPECT_GT(unlikely, 0u);
  EXPECT_EQ(said, unlikely);
}

TEST_F(Recommend, ItemsThatWereOnlyAskedForSaySo) {
  busy_shop();
  records::Request request = request_of("nobody", 1);
  request.candidates = {{ItemId("never heard of"), {}}};
  EXPECT_THAT(recommend(request).list(), HasSubstr(R"("code":"asked")"));
}

TEST_F(Recommend, ARequestWithoutAnIdIsNamedByItsPlace) {
  busy_shop();
  records::Request request = request_of("u1", 1);
  request.request_id = RequestId();
  const pb::Decision decision = recommend(request);
  EXPECT_EQ(decision.request_id(), "");
  EXPECT_THAT(decision.list(), HasSubstr(R"("request_id":"requests/0/7")"));
}

TEST_F(Recommend, ListsAreCounted) {
  busy_shop();
  recommend(request_of("u1", 10));
  hurry = true;
  recommend(request_of("u1", 10));
  const std::string text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr(R"(riffle_lists_total{policy="main"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(riffle_degraded_total{reason="deadline"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(riffle_slate_ild_count{kind="category"} 2)"));
  EXPECT_THAT(text, HasSubstr("riffle_propensity_min_count 2"));
  EXPECT_THAT(text, HasSubstr("riffle_candidates_count 2"));
}

}  // namespace
}  // namespace riffle::serving
