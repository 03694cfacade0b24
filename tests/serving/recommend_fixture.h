// A recommender over a shop whose policy likes items by a feature.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "features/feature_vector.h"
#include "records/candidate_table.h"
#include "serving/recommender.h"
#include "tests/serving/shop.h"

namespace riffle::serving {

// Likes items by a feature, so that there is something to be greedy about.
class LikesNext final : public learner::Scorer {
 public:
  void score(const learner::ScoringBatch& batch, std::span<float> scores) const override {
    const std::size_t next = features::feature_index("next");
    for (std::size_t i = 0; i < batch.count(); ++i) scores[i] = batch.features[i * features::kFeatureCount + next];
  }
};

class Recommend : public ::testing::Test {
 protected:
  Recommend() {
    shop.version.policy_id = shop.policy.id;
    shop.version.version = 3;
    shop.version.slots_learned = 500;
    shop.version.scorer = std::make_shared<LikesNext>();
  }

  void busy_shop(int items = 60) {
    for (int i = 0; i < items; ++i)
      shop.stock({.id = "i" + std::to_string(i),
                  .title = "Title " + std::to_string(i),
                  .category = {"top" + std::to_string(i % 5), "sub" + std::to_string(i % 11)}});
    Rng rng(1);
    for (int i = 0; i < 600; ++i) {
      const std::string user = "u" + std::to_string(rng.below(40));
      const std::string item = "i" + std::to_string(rng.below(static_cast<std::uint64_t>(items)));
      if (rng.below(10) == 0) {
        shop.buy(user, item);
      } else {
        shop.click(user, item);
      }
    }
    shop.publish_statistics();
  }

  pb::Decision recommend(const records::Request& request, std::uint64_t seed = 5) {
    ServingContext context = shop.context(request.user_id.str());
    context.ordinal = 12;
    context.request_hash = 99;
    context.hurry = hurry;
    context.degraded = known_degraded;
    context.as_of = {{"events", 41}, {"policy/main", 3}};
    context.traceparent = "00-trace";
    context.origin = origin;
    if (forget_policy) context.policy = nullptr;
    Recommender recommender(options, shop.rows, metrics);
    Rng rng(seed);
    return spread(recommender.recommend(request, context, rng, [] { return 1.25; }));
  }

  // With its candidates as messages.
  static pb::Decision spread(pb::Decision decision) {
    EXPECT_TRUE(records::spread_candidates(decision).ok());
    return decision;
  }

  static std::vector<std::string> degraded(const pb::Decision& decision) {
    return {decision.degraded().begin(), decision.degraded().end()};
  }

  Shop shop;
  ServingOptions options;
  Metrics metrics;
  bool hurry = false, forget_policy = false;
  std::vector<std::string> known_degraded;
  std::string origin = "requests/0/7";
};

}  // namespace riffle::serving
