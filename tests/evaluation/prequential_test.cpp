#include "evaluation/prequential/prequential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluation/baselines/baselines.h"
#include "evaluation/prequential/diversified_riffle.h"
#include "evaluation/prequential/riffle_policy.h"

namespace riffle::evaluation {
namespace {

using ::testing::ElementsAre;

constexpr TimePoint kStart = from_ms(1'300'000'000'000);

// Answers what it is told to, and keeps what it was asked and taught.
class Recorder final : public Policy {
 public:
  struct Seen {
    std::vector<std::string> log;  // "ask u", "learn u i"
    std::vector<ItemIndex> answer;
  };
  explicit Recorder(Seen* seen) : seen_(seen) {}
  std::string name() const override { return "recorder"; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override {
    seen_->log.push_back("ask " + query.ledger->at(query.user).id.str());
    list = seen_->answer;
  }
  void learn(const Interaction& interaction) override {
    seen_->log.push_back("learn " + interaction.event->user_id.str() + " " + interaction.event->item_id.str());
  }
  std::size_t memory_bytes() const override { return 0; }

 private:
  Seen* seen_;
};

class PrequentialRun : public ::testing::Test {
 protected:
  void begin(const PrequentialOptions& options) {
    std::vector<std::unique_ptr<Policy>> policies;
    policies.push_back(std::make_unique<Recorder>(&seen_));
    policies.push_back(make_baseline("popularity"));
    run_ = std::make_unique<Prequential>(options, std::move(policies));
  }
  void take(const std::string& user, const std::string& item, const std::string& session = "", int minutes = 0,
            const std::string& event_id = "", records::InteractionType type = records::InteractionType::kPurchase) {
    records::Event event;
    event.type = type;
    event.user_id = UserId(user);
    event.item_id = ItemId(item);
    event.session_id = SessionId(session);
    event.event_id = EventId(event_id);
    event.timestamp = kStart + std::chrono::minutes(minutes);
    run_->event(event);
  }

  Recorder::Seen seen_;
  std::unique_ptr<Prequential> run_;
};

double recall(const PrequentialResult& result, std::size_t policy) {
  return value_of(metric_named("recall"), result.policies[policy].scores.at[0]).value_or(-1);
}

TEST_F(PrequentialRun, AsksBeforeEachLineAndTeachesAfterIt) {
  begin({});
  take("u", "a");
  take("v", "b");
  const PrequentialResult result = run_->finish();
  EXPECT_THAT(seen_.log, ElementsAre("ask u", "learn u a", "ask v", "learn v b"));
  EXPECT_EQ(result.points, 2U);
  EXPECT_EQ(result.items, 2U);
}

TEST_F(PrequentialRun, JudgesPopularityAsByHand) {
  PrequentialOptions options;
  options.ks = {1};
  begin(options);
  take("u", "a");  // nothing has appeared: a miss
  take("v", "a");  // a is listed: a hit
  take("v", "b");  // not seen before: a miss
  take("w", "b");  // a (2) is before b (1): a miss
  take("x", "b");  // 2 to 2, and a appeared first: a miss
  take("y", "b");  // b (3): a hit
  EXPECT_DOUBLE_EQ(recall(run_->finish(), 1), 2. / 6);
}

TEST_F(PrequentialRun, OfNewItemsOnlyLeavesOutWhatTheUserHad) {
  PrequentialOptions options;
  options.new_only = true;
  options.ks = {1};
  begin(options);
  take("u", "a");  // a miss
  take("u", "a");  // had: no point
  take("u", "b");  // the list leaves out a: empty, a miss
  take("v", "b");  // a (2): a miss
  take("v", "a");  // a hit
  const PrequentialResult result = run_->finish();
  EXPECT_EQ(result.points, 4U);
  EXPECT_EQ(result.left_out.had_before, 1U);
  EXPECT_DOUBLE_EQ(recall(result, 1), 1. / 4);
}

TEST_F(PrequentialRun, KnownItemsAndUsersOnlyLeavesTheOthersOut) {
  PrequentialOptions options;
  options.known_items = options.known_users = true;
  begin(options);
  take("u", "a");  // a new user
  take("u", "b");  // a new item
  take("u", "a");
  const PrequentialResult result = run_->finish();
  EXPECT_EQ(result.left_out.new_user, 1U);
  EXPECT_EQ(result.left_out.unknown_item, 1U);
  EXPECT_EQ(result.points, 1U);
}

TEST_F(PrequentialRun, RevealsABasketAtOnceWhenTheLogGoesOn) {
  PrequentialOptions options;
  options.reveal = Reveal::kBasket;
  begin(options);
  take("u", "a", "s1");
  take("u", "b", "s1");
  take("u", "a", "s1");  // once more in the basket
  take("u", "c", "s2");
  take("v", "a", "s3");
  const PrequentialResult result = run_->finish();
  EXPECT_THAT(seen_.log,
              ElementsAre("ask u", "learn u a", "learn u b", "learn u a", "ask u", "learn u c", "ask v", "learn v a"));
  EXPECT_EQ(result.points, 3U);
  EXPECT_EQ(result.left_out.twice_in_basket, 1U);
  EXPECT_DOUBLE_EQ(recall(result, 1), 1. / 4) << "of a, b; c; a, the last one";
}

TEST_F(PrequentialRun, KeepsASessionOpenWhileOthersGoOn) {
  PrequentialOptions options;
  options.reveal = Reveal::kSession;
  begin(options);
  take("u", "a", "s1", 0);
  take("v", "b", "s2", 1);
  take("u", "c", "s1", 2);
  take("v", "d", "s3", 3);   // ends s2
  take("w", "e", "s4", 40);  // u and v have paused for longer than 30 minutes
  EXPECT_THAT(seen_.log,
              ElementsAre("ask u", "ask v", "learn v b", "ask v", "learn u a", "learn u c", "learn v d", "ask w"));
  EXPECT_EQ(run_->finish().points, 4U);
}

TEST_F(PrequentialRun, EndsASessionThatPausedWhileAnOlderOneGoesOn) {
  PrequentialOptions options;
  options.reveal = Reveal::kSession;
  begin(options);
  take("u", "a", "s1", 0);
  take("v", "b", "s2", 1);
  take("u", "c", "s1", 20);
  take("u", "d", "s1", 40);              // v has paused for longer than 30 minutes
  EXPECT_THAT(seen_.log, ElementsAre("ask u", "ask v", "learn v b"));
  run_->finish();
  EXPECT_THAT(seen_.log, ElementsAre("ask u", "ask v", "learn v b", "learn u a", "learn u c", "learn u d"));
}

TEST_F(PrequentialRun, OfASessionDoesNotCountWhatOthersBroughtUpMeanwhileAsKnown) {
  PrequentialOptions options;
  options.reveal = Reveal::kSession;
  options.known_items = true;
  begin(options);
  take("u", "a", "s1", 0);
  take("v", "b", "s2", 1);
  take("v", "c", "s3", 2);  // reveals b
  take("u", "b", "s1", 3);
  EXPECT_EQ(run_->finish().points, 0U);
}

TEST_F(PrequentialRun, LearnsAfterTheLabelDelay) {
  PrequentialOptions options;
  options.label_delay = std::chrono::minutes(10);
  begin(options);
  take("u", "a", "", 0);
  take("u", "b", "", 5);
  take("u", "c", "", 12);
  take("u", "d", "", 20);
  EXPECT_THAT(seen_.log, ElementsAre("ask u", "ask u", "learn u a", "ask u", "learn u b", "ask u"));
}

TEST_F(PrequentialRun, DropsDuplicatesAndCountsDisorder) {
  begin({});
  take("u", "a", "", 5, "e1");
  take("u", "a", "", 5, "e1");
  take("u", "b", "", 3, "e2");
  const PrequentialResult result = run_->finish();
  EXPECT_EQ(result.left_out.duplicate, 1U);
  EXPECT_EQ(result.out_of_order, 1U);
  EXPECT_EQ(result.points, 2U);
}

TEST_F(PrequentialRun, PredictsOnlyTheTypesAskedForAndLearnsTheOthers) {
  PrequentialOptions options;
  options.types = {"purchase"};
  begin(options);
  take("u", "a", "", 0, "", records::InteractionType::kClick);
  take("u", "a");
  EXPECT_THAT(seen_.log, ElementsAre("learn u a", "ask u", "learn u a"));
  EXPECT_EQ(run_->finish().left_out.other_type, 1U);
}

TEST_F(PrequentialRun, EvaluatesTheReportingPeriodAfterTheWarmUpAndASample) {
  PrequentialOptions options;
  options.warm_up = 1;
  options.from = kStart + std::chrono::minutes(2);
  options.to = kStart + std::chrono::minutes(5);
  begin(options);
  for (int minute = 0; minute < 8; ++minute) take("u", "a", "", minute);
  const PrequentialResult result = run_->finish();
  EXPECT_EQ(result.left_out.warm_up, 1U);
  EXPECT_EQ(result.left_out.period, 4U);
  EXPECT_EQ(result.points, 3U);

  options = {};
  options.sample = .25;
  begin(options);
  for (int i = 0; i < 4000; ++i) take("u", "a", "", i);
  EXPECT_NEAR(static_cast<double>(run_->finish().points), 1000, 100);
}

TEST_F(PrequentialRun, TellsColdUsersAndItemsApart) {
  begin({});
  for (int i = 0; i < 6; ++i) take("u", "a");
  take("v", "b");
  const PrequentialResult result = run_->finish();
  const PolicyScores& scores = result.policies[1].scores;
  EXPECT_EQ(scores.by_activity[0][kPoints], 2) << "the first of u, and that of v";
  EXPECT_EQ(scores.by_activity[1][kPoints], 4);
  EXPECT_EQ(scores.by_activity[2][kPoints], 1);
  EXPECT_EQ(scores.by_item[0].taken, 2) << "a and b when nobody knew them";
  EXPECT_EQ(scores.by_item[1].taken, 4);
  EXPECT_EQ(scores.by_item[1].hits, 4);
  EXPECT_EQ(scores.by_item[2].taken, 1);
}

TEST(Baselines, ListWhatTheirFormulasSay) {
  std::vector<std::unique_ptr<Policy>> policies;
  for (const BaselineFacts& facts : all_baselines()) policies.push_back(make_baseline(facts.name));
  Ledger ledger;
  const auto teach = [&](const char* user, const char* item, std::uint64_t basket, int hours) {
    const UserIndex who = ledger.user(UserId(user));
    const ItemIndex what = ledger.meet(ItemId(item));
    ledger.take(who, what);
    for (const auto& policy : policies)
      policy->learn({.user = who, .item = what, .basket = basket, .time = kStart + std::chrono::hours(hours)});
  };
  // Numbers: a 0, b 1, c 2, d 3. Long ago a was popular; lately d.
  for (int i = 0; i < 5; ++i) teach("old", "a", 1, 0);
  teach("v", "b", 2, 500);
  teach("v", "c", 2, 500);
  teach("w", "b", 3, 501);
  teach("w", "c", 3, 501);
  for (int i = 0; i < 3; ++i) teach("x", "d", static_cast<std::uint64_t>(10 + i), 502);
  teach("u", "b", 4, 503);
  const Query query{
      .user = ledger.user(UserId("u")), .time = kStart + std::chrono::hours(504), .n = 2, .ledger = &ledger};
  std::vector<std::vector<ItemIndex>> lists;
  for (const auto& policy : policies) policy->recommend(query, lists.emplace_back());
  EXPECT_THAT(lists[0], ElementsAre(0, 1)) << "popularity: a 5; b and d 3, b first";
  EXPECT_THAT(lists[1], ElementsAre(3, 1)) << "decayed: d 3 · 2^(−2/72) = 2.94, b 2.92; a long ago";
  EXPECT_THAT(lists[2], ElementsAre(1, 3)) << "own: b, then what is popular now";
  EXPECT_THAT(lists[3], ElementsAre(2, 0)) << "co-visitation: c with b; then popularity";
  EXPECT_THAT(lists[4], ElementsAre(2, 0)) << "sequential: c follows b";
  EXPECT_THAT(lists[5], ElementsAre(1, 2)) << "session k-NN: b and c in sessions with b";
  EXPECT_THAT(lists[6], ElementsAre(2, 0)) << "user cosine: c by v and w";
}

// Everybody takes p1 and then p2, q1 and then q2, …: popularity cannot know what comes next, serving's sources do.
TEST(RifflePolicy, LearnsWhatFollowsFromTheStreamAlone) {
  PrequentialOptions options;
  options.ks = {1};
  options.new_only = true;
  std::vector<std::unique_ptr<Policy>> policies;
  policies.push_back(make_baseline("popularity"));
  policies.push_back(std::make_unique<RifflePolicy>(features::RowOptions(), serving::ServingOptions()));
  Prequential run(options, std::move(policies));
  for (int i = 0; i < 600; ++i) {
    for (const char* second : {"1", "2"}) {
      records::Event event;
      event.type = records::InteractionType::kPurchase;
      event.user_id = UserId("u" + std::to_string(i));
      event.item_id = ItemId(std::string(1, static_cast<char>('p' + i * 7 % 10)) + second);
      event.timestamp = kStart + std::chrono::minutes(i);
      run.event(event);
    }
  }
  const PrequentialResult result = run.finish();
  EXPECT_LT(recall(result, 0), .1);
  EXPECT_GT(recall(result, 1), .45) << "half of the points are second items, nearly all of which can be known";
}

// Everybody takes one of a few items of three categories, most of them of the first.
TEST(DiversifiedRiffle, ListsWhatRiffleDoesWithoutWeightAndOtherCategoriesWithIt) {
  PrequentialOptions options;
  options.ks = {3};
  std::vector<std::unique_ptr<Policy>> policies;
  auto riffle = std::make_unique<RifflePolicy>(features::RowOptions(), serving::ServingOptions());
  for (const char* name : {"riffle:mmr=0", "riffle:mmr=1", "riffle:dpp=1", "riffle:ssd=1", "riffle:none=1"})
    policies.push_back(std::make_unique<DiversifiedRiffle>(name, *DiversifiedRiffle::parse(name, {}), *riffle));
  policies.insert(policies.begin(), std::move(riffle));
  Prequential run(options, std::move(policies));
  for (int i = 0; i < 9; ++i) {
    records::Item item;
    item.item_id = ItemId("i" + std::to_string(i));
    item.category = {i < 6 ? "a" : i == 6 ? "b" : "c", "leaf " + std::to_string(i)};
    run.item(item, kStart);
  }
  for (int i = 0; i < 600; ++i) {
    records::Event event;
    event.type = records::InteractionType::kPurchase;
    event.user_id = UserId("u" + std::to_string(i % 40));
    event.item_id = ItemId("i" + std::to_string(i % 10 < 8 ? i % 4 : 4 + i % 5));
    event.timestamp = kStart + std::chrono::minutes(i);
    run.event(event);
  }
  const PrequentialResult result = run.finish();
  const auto value = [&](std::size_t policy, const char* metric) {
    return *value_of(metric_named(metric), result.policies[policy].scores.at[0]);
  };
  for (const char* metric : {"recall", "ndcg", "ild_category", "ilmd_category"}) {
    EXPECT_EQ(value(1, metric), value(0, metric)) << metric;
    EXPECT_EQ(value(5, metric), value(0, metric)) << metric;
  }
  for (const std::size_t diverse : {2U, 3U, 4U})
    EXPECT_GT(value(diverse, "ild_category"), value(0, "ild_category") + .1) << result.policies[diverse].name;
}

TEST(DiversifiedRiffle, ItsNameSaysDiversifierAndWeight) {
  const auto options = DiversifiedRiffle::parse("riffle:ssd=0.25", {.window = 7});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->kind, "ssd");
  EXPECT_EQ(options->weight, .25);
  EXPECT_EQ(options->window, 7U);
  for (const char* wrong : {"riffle:", "riffle:dpp", "riffle:dpp=", "riffle:dpp=2", "riffle:dpp=nan", "riffle:dp=0.5"})
    EXPECT_EQ(DiversifiedRiffle::parse(wrong, {}).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
}

}  // namespace
}  // namespace riffle::evaluation
