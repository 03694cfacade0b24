#include <limits>

#include <gmock/gmock.h>

#include "features/feature_vector.h"
#include "learner/trainer.h"

namespace riffle::learner {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Registry, AnUnknownNameIsAnsweredWithTheNearestAndAll) {
  for (const auto& status : {make_trainer("linaer", {}).status(), make_scorer("linaer", "", {}).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("did you mean \"linear\""), HasSubstr("q_table"), HasSubstr("popularity"),
                      HasSubstr("random"), HasSubstr("given")));
  }
}

TEST(Registry, KnowsWhoLearns) {
  EXPECT_TRUE(is_trainable("linear"));
  EXPECT_TRUE(is_trainable("q_table"));
  EXPECT_TRUE(is_trainable("logistic"));
  EXPECT_TRUE(is_trainable("linear_arms"));
  EXPECT_TRUE(is_trainable("arms"));
  for (const char* name : {"popularity", "random", "given", "nobody"}) EXPECT_FALSE(is_trainable(name)) << name;
  EXPECT_THAT(std::string(make_trainer("popularity", {}).status().message()), HasSubstr("does not learn"));
}

TEST(Registry, EveryScorerScoresBeforeItsFirstVersion) {
  const std::vector<float> features(3 * features::kFeatureCount, 0.5F);
  const std::vector<CategoryKey> categories(3);
  const std::vector<float> given(3);
  for (const char* name : {"linear", "linear_arms", "q_table", "popularity", "random", "given"}) {
    const auto scorer = make_scorer(name, "", {});
    ASSERT_TRUE(scorer.ok()) << scorer.status();
    std::vector<float> scores(3, -7);
    (*scorer)->score({features, categories, given, "s"}, scores);
    EXPECT_THAT(scores, Each(std::string_view(name) == "popularity" ? 0.5F : 0.0F)) << name;
  }
}

TEST(Registry, AScorerThatNeverLearnsRefusesAState) {
  EXPECT_EQ(make_scorer("random", "state", {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Registry, OptionsOutOfRangeAreRefused) {
  LearnerOptions options;
  options.linear.ridge = 0;
  EXPECT_FALSE(make_trainer("linear", options).ok());
  options = {};
  options.linear.half_life = Milliseconds(-1);
  EXPECT_FALSE(make_trainer("linear", options).ok());
  options = {};
  options.linear.draws.scale = 0;
  EXPECT_FALSE(make_trainer("linear", options).ok());
  options = {};
  options.logistic.first_rate = 1;
  EXPECT_FALSE(make_trainer("logistic", options).ok());
  options = {};
  options.linear_arms.ridge = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(make_trainer("linear_arms", options).ok());
  options = {};
  options.arms.prior_slots = 0;
  EXPECT_FALSE(make_trainer("arms", options).ok());
  options = {};
  options.arms.max_items = 0;
  EXPECT_FALSE(make_trainer("arms", options).ok());
  options = {};
  options.arms.draws.count = kMostDraws + 1;
  EXPECT_FALSE(make_trainer("arms", options).ok());
  options = {};
  options.q_table.discount = 1;
  EXPECT_FALSE(make_trainer("q_table", options).ok());
  options = {};
  options.q_table.learning_rate = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(make_trainer("q_table", options).ok());
  options = {};
  options.q_table.segments.kind = "k-means";
  EXPECT_THAT(std::string(make_trainer("q_table", options).status().message()), HasSubstr("known are rule, kmeans"));
  for (const std::size_t count : {std::size_t{1}, kMostClusters + 1}) {
    options.q_table.segments = {.kind = "kmeans", .count = count};
    EXPECT_FALSE(make_trainer("q_table", options).ok());
  }
}

TEST(FixedScorers, PopularityReadsItsFeatureAndGivenTheRequestsOwnScores) {
  std::vector<float> features(2 * features::kFeatureCount, 0.0F);
  features[features::feature_index("popularity")] = 0.9F;
  features[features::kFeatureCount + features::feature_index("popularity")] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<CategoryKey> categories(2);
  const std::vector<float> given{0.2F, std::numeric_limits<float>::infinity()};
  std::vector<float> scores(2);
  (*make_scorer("popularity", "", {}))->score({features, categories, given, "s"}, scores);
  EXPECT_THAT(scores, ElementsAre(0.9F, 0.0F));
  (*make_scorer("given", "", {}))->score({features, categories, given, "s"}, scores);
  EXPECT_THAT(scores, ElementsAre(0.2F, 0.0F));
}

}  // namespace
}  // namespace riffle::learner
