#include "serving/sources/sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "serving/candidate_batch.h"
#include "serving/gatherer.h"
#include "tests/learner/sequence/snapshots.h"
#include "tests/serving/shop.h"

namespace riffle::serving {
namespace {

using ::testing::ElementsAreArray;
using ::testing::Not;
using ::testing::Contains;

constexpr std::size_t kItems = 300;

std::string id_of(std::size_t item) { return "i" + std::to_string(item); }

class EncoderSource : public ::testing::Test {
 protected:
  EncoderSource() {
    for (std::size_t i = 0; i < kItems; ++i) {
      shop.stock({.id = id_of(i), .title = "thing", .category = {"c" + std::to_string(i % 5)}});
      rows.emplace_back(item_key(id_of(i)), features::category_key({"c" + std::to_string(i % 5)}));
    }
    for (const std::size_t i : {3, 200, 17, 4}) shop.click("me", id_of(i));
    shop.publish_statistics();
    encoder = learner::testing::snapshot_of(learner::testing::random_state(rows, encoder_options, 5), encoder_options);
  }

  void gather(const records::Request& request, std::size_t n = 10) {
    context = shop.context(request.user_id.str());
    context.encoder = encoder.get();
    user = features::make_user_context(context.user, *context.catalogue, context.now, shop.rows);
    gatherer = std::make_unique<Gatherer>(options, shop.rows);
    candidates = gatherer->gather(request, context, user, n);
  }
  std::vector<ItemKey> named() {
    std::vector<std::pair<std::uint32_t, ItemKey>> by_rank;
    for (const Candidate& candidate : candidates)
      if (candidate.has(CandidateSourceId::kSequence))
        by_rank.emplace_back(candidate.mark(CandidateSourceId::kSequence).rank, gatherer->pool().at(candidate.item).key);
    std::sort(by_rank.begin(), by_rank.end());
    std::vector<ItemKey> keys;
    for (const auto& [rank, key] : by_rank) keys.push_back(key);
    return keys;
  }

  // In double precision, item by item: the chances of all, the likeliest first.
  std::vector<std::pair<double, ItemKey>> slow_chances() const {
    learner::SequenceEncoder slow(encoder->shape(), encoder->numbers());
    std::vector<learner::SequenceEntry> history;
    for (const records::HistoryEntry& entry : context.user->history)
      history.push_back({entry.item, context.catalogue->items.find(entry.item)->category, entry.time_ms, entry.type});
    std::vector<float> state(encoder->shape().width), row(state.size());
    slow.encode(history, to_ms(context.now), encoder->tables(), state);
    std::vector<std::pair<double, ItemKey>> chances;
    double all = 0;
    for (const auto& [item, category] : rows) {
      encoder->tables().output(item, category, row);
      double product = 0;
      for (std::size_t i = 0; i < row.size(); ++i) product += double{row[i]} * double{state[i]};
      chances.emplace_back(std::exp(product), item);
      all += chances.back().first;
    }
    for (auto& [chance, item] : chances) chance /= all;
    std::sort(chances.begin(), chances.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    return chances;
  }

  Shop shop;
  learner::SequenceOptions encoder_options = learner::testing::narrow_options();
  std::vector<std::pair<ItemKey, CategoryKey>> rows;
  std::shared_ptr<const learner::EncoderSnapshot> encoder;
  ServingOptions options;
  features::UserContext user;
  ServingContext context;
  std::unique_ptr<Gatherer> gatherer;
  std::vector<Candidate> candidates;
};

TEST_F(EncoderSource, NamesTheLikeliestOfAllAsTheSlowProductsSayAndWithTheirChances) {
  options.sources.sequence = 40;
  gather(request_of("me", 10));
  const auto slow = slow_chances();
  std::vector<ItemKey> expected;
  for (std::size_t i = 0; i < 40; ++i) expected.push_back(slow[i].second);
  EXPECT_THAT(named(), ElementsAreArray(expected));
  for (const Candidate& candidate : candidates) {
    if (!candidate.has(CandidateSourceId::kSequence)) continue;
    const ItemKey key = gatherer->pool().at(candidate.item).key;
    const auto at = std::find_if(slow.begin(), slow.end(), [&](const auto& one) { return one.second == key; });
    EXPECT_NEAR(static_cast<double>(candidate.score_of(CandidateSourceId::kSequence)) / at->first, 1, 1e-4);
  }
  const auto before = named();
  gather(request_of("me", 10));
  EXPECT_EQ(named(), before);
}

TEST_F(EncoderSource, WhatTheRulesRefuseMakesRoomForWhatComesAfterIt) {
  options.sources.sequence = 30;
  gather(request_of("me", 10));
  const auto slow = slow_chances();
  records::Request request = request_of("me", 10);
  for (std::size_t i = 0; i < 200; ++i)
    for (std::size_t item = 0; item < kItems; ++item)
      if (item_key(id_of(item)) == slow[i].second) request.exclude_items.emplace_back(id_of(item));
  gather(request);
  std::vector<ItemKey> expected;
  for (std::size_t i = 200; i < 230; ++i) expected.push_back(slow[i].second);
  EXPECT_THAT(named(), ElementsAreArray(expected));
  for (std::size_t i = 200; i < kItems - 5; ++i)
    for (std::size_t item = 0; item < kItems; ++item)
      if (item_key(id_of(item)) == slow[i].second) request.exclude_items.emplace_back(id_of(item));
  gather(request, 5);
  EXPECT_EQ(named().size(), 5U) << "all that is left";
}

TEST_F(EncoderSource, IsSilentWithoutAHistoryAnEncoderOrAQuota) {
  gather(request_of("stranger", 10));
  EXPECT_TRUE(named().empty());
  const auto kept = encoder;
  encoder = nullptr;
  gather(request_of("me", 10));
  EXPECT_TRUE(named().empty());
  encoder = kept;
  options.sources.sequence = 0;
  gather(request_of("me", 10));
  EXPECT_TRUE(named().empty());
  options.sources.sequence = 50;
  gather(request_of("me", 10));
  EXPECT_FALSE(named().empty());
}

TEST_F(EncoderSource, ANewVersionIsReadAtTheNextList) {
  gather(request_of("me", 10));
  const auto before = named();
  const auto first = encoder;
  encoder = learner::testing::snapshot_of(learner::testing::random_state(rows, encoder_options, 6), encoder_options, 2);
  context.encoder = encoder.get();
  candidates = gatherer->gather(request_of("me", 10), context, user, 10);
  EXPECT_NE(named(), before);
  context.encoder = first.get();
  candidates = gatherer->gather(request_of("me", 10), context, user, 10);
  EXPECT_EQ(named(), before);
}

TEST_F(EncoderSource, TenTimesItsChanceIsAddedToWhatTheSequentialRulesSay) {
  gather(request_of("me", 10));
  CandidateBatch batch;
  batch.fill(candidates, user, gatherer->pool());
  const std::size_t next = features::feature_index("next");
  std::size_t by_encoder = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const float rule = candidates[i].score_of(CandidateSourceId::kNext), chance = candidates[i].score_of(CandidateSourceId::kSequence);
    const float sum = rule + 10 * chance;
    EXPECT_NEAR(batch.features(static_cast<std::uint32_t>(i))[next], sum / (sum + .1F), 1e-5F);
    by_encoder += chance > 0 ? 1 : 0;
  }
  EXPECT_GT(by_encoder, 0U);
}

TEST_F(EncoderSource, ListsSayWhereItemsComeFromAndWhy) {
  Metrics metrics;
  options.sources = SourceOptions{.together = 0, .next = 0, .category = 0, .popular = 0, .trending = 0, .own = 0, .fresh = 0,
                                  .explore = 0, .sequence = 50};
  shop.policy.scorer = "popularity";
  shop.policy.explorer.kind = "greedy";
  shop.policy.diversifier.kind = "none";
  Recommender recommender(options, shop.rows, metrics);
  context = shop.context("me");
  context.encoder = encoder.get();
  Rng rng(1);
  const pb::Decision& decision = recommender.recommend(request_of("me", 5), context, rng, nullptr);
  ASSERT_EQ(decision.slots_size(), 5);
  EXPECT_NE(decision.list().find(R"("source":"sequence","reasons":[{"code":"fits_history")"), std::string::npos) << decision.list();
}

}  // namespace
}  // namespace riffle::serving
