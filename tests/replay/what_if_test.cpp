#include "replay/what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/hash.h"
#include "ingest/adapters/json_lines.h"
#include "pipeline/shard_bench.h"
#include "records/json_codec.h"
#include "state/memory_store.h"
#include "tests/support/scratch.h"

namespace riffle::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kStart = 1'700'000'000'000;

std::string item(int n) {
  return absl::StrCat(R"({"item_id":"i)", n, R"(","title":"thing )", n, R"(","category":["c)", n % 3, "\"]}");
}
std::string click(int second, const std::string& user, int n) {
  return absl::StrCat(R"({"event":"interaction","type":"click","timestamp":)", kStart + second * 1000,
                      R"(,"user_id":")", user, R"(","item_id":"i)", n, "\"}");
}
std::string request(int second, const std::string& id, const std::string& user) {
  return absl::StrCat(R"({"event":"request","request_id":")", id, R"(","timestamp":)", kStart + second * 1000,
                      R"(,"user_id":")", user, R"(","n":3})");
}

serving::PolicyOptions policy(const std::string& id, const std::string& scorer) {
  serving::PolicyOptions options;
  options.id = PolicyId(id);
  options.scorer = scorer;
  options.explorer.kind = "greedy";
  options.diversifier.kind = "none";
  options.diversifier.weight = 0;
  return options;
}

class WhatIf : public ::testing::Test {
 protected:
  WhatIf() {
    shard_.rows.types = features::default_types();
    answer_by(policy("popularity", "popularity"));
    options_.shard = &shard_;
    options_.make_store = [](Partition) { return std::make_unique<state::MemoryStore>(); };
    options_.told = [this](std::string_view list) {
      lists_.push_back(records::decode_recommendation(list).value());
      return true;
    };
  }
  void answer_by(serving::PolicyOptions options) {
    shard_.policies = {std::move(options)};
    shard_.experiments.arms = {{shard_.policies[0].id, 1.0}};
  }
  absl::Status of_lines(const std::vector<std::string>& lines) {
    const auto adapter = ingest::JsonLines::open(scratch_.write("log.jsonl", absl::StrJoin(lines, "\n"))).value();
    Metrics metrics;
    return what_if_of_lines(*adapter, options_, metrics, figures_);
  }
  static std::vector<std::string> items(const records::Recommendation& list) {
    std::vector<std::string> ids;
    for (const auto& listed : list.items) ids.push_back(listed.item_id.str());
    return ids;
  }

  static bool names_sequence(const records::Recommendation& list) {
    return std::any_of(list.items.begin(), list.items.end(), [](const auto& one) { return one.source == "sequence"; });
  }

  testing::Scratch scratch_;
  pipeline::ShardOptions shard_;
  WhatIfOptions options_;
  WhatIfFigures figures_;
  std::vector<records::Recommendation> lists_;
};

// i2 twice, i1 once by then; i0 leads only later.
TEST_F(WhatIf, AListOfLinesKnowsWhatCameBeforeItsRequestAndNothingAfter) {
  const absl::Status done = of_lines({item(0), item(1), item(2), click(1, "u1", 2), click(2, "u2", 2),
                                      click(3, "u3", 1), request(4, "r1", "u9"), click(5, "u1", 0), click(6, "u2", 0),
                                      click(7, "u3", 0), request(8, "r2", "u9")});
  ASSERT_TRUE(done.ok()) << done;
  ASSERT_EQ(lists_.size(), 2U);
  EXPECT_EQ(lists_[0].request_id.str(), "r1");
  EXPECT_EQ(items(lists_[0]).front(), "i2");
  EXPECT_EQ(items(lists_[1]).front(), "i0");
  EXPECT_EQ(lists_[1].timestamp, from_ms(kStart + 8000));
  EXPECT_EQ(figures_.events, 6U);
  EXPECT_EQ(figures_.items, 3U);
  EXPECT_EQ(figures_.lists.all().lists, 2U);
}

TEST_F(WhatIf, ALearningPolicyLearnsFromTheLinesAsItGoes) {
  answer_by(policy("learner", "linear"));
  shard_.policies[0].explorer.kind = "epsilon";
  std::vector<std::string> lines = {item(0), item(1), item(2), item(3)};
  int second = 0;
  for (int n = 0; n < 60; ++n) {
    const std::string user = absl::StrCat("u", n % 4);
    lines.push_back(request(++second, absl::StrCat("r", n), user));
    lines.push_back(click(++second, user, n % 4));
  }
  ASSERT_TRUE(of_lines(lines).ok());
  ASSERT_EQ(lists_.size(), 60U);
  EXPECT_THAT(lists_.front().degraded, ::testing::Contains("untrained"));
  EXPECT_GT(lists_.back().policy_version, 5U);
  EXPECT_GE(figures_.outcomes, 60U);
  const std::uint64_t untrained = figures_.lists.all().degraded.at("untrained");
  EXPECT_LT(untrained, 5U);
}

// Who clicks i0 clicks i5 next, and all else is chance.
TEST_F(WhatIf, AnEncoderLearnsFromTheLinesAndNamesWhatFitsTheHistory) {
#ifndef RIFFLE_NETWORK
  GTEST_SKIP() << "built without the network module (RIFFLE_NETWORK=OFF)";
#endif
  learner::SequenceOptions& encoder = options_.learner.sequence;
  encoder.encoder = "mean";
  encoder.width = 8;
  options_.learner.network.device = "cpu";
  std::vector<std::string> lines;
  for (int n = 0; n < 8; ++n) lines.push_back(item(n));
  int second = 0;
  lines.push_back(request(++second, "before", "u0"));
  for (int n = 0; n < 120; ++n) {
    const std::string user = absl::StrCat("u", n % 6);
    lines.push_back(click(++second, user, 0));
    lines.push_back(click(++second, user, 5));
  }
  lines.push_back(request(++second, "after", "u0"));
  shard_.policies[0].sources = {"sequence"};
  ASSERT_TRUE(of_lines(lines).ok());
  ASSERT_EQ(lists_.size(), 2U);
  EXPECT_FALSE(names_sequence(lists_[0])) << "there was no version";
  EXPECT_TRUE(names_sequence(lists_[1]));
  const std::vector<std::string> with = items(lists_[1]);
  lists_.clear();
  ASSERT_TRUE(of_lines(lines).ok());
  EXPECT_EQ(items(lists_[1]), with) << "the same log, the same lists";
  lists_.clear();
  encoder.encoder = "none";
  ASSERT_TRUE(of_lines(lines).ok());
  EXPECT_FALSE(names_sequence(lists_[1]));
}

TEST_F(WhatIf, TheSameLinesAndSeedGiveTheSameListsAndAnotherSeedOthers) {
  answer_by(policy("random", "random"));
  shard_.policies[0].explorer.kind = "uniform";
  std::vector<std::string> lines;
  for (int n = 0; n < 20; ++n) lines.push_back(item(n));
  for (int n = 0; n < 20; ++n) lines.push_back(click(n, "u1", n));
  for (int n = 0; n < 5; ++n) lines.push_back(request(30 + n, absl::StrCat("r", n), "u9"));
  const auto told = [&](std::uint64_t seed) {
    lists_.clear();
    options_.seed = seed;
    EXPECT_TRUE(of_lines(lines).ok());
    std::string all;
    for (const auto& list : lists_)
      absl::StrAppend(&all, list.recommendation_id.str(), absl::StrJoin(items(list), ","), ";");
    return all;
  };
  const std::string first = told(1);
  EXPECT_EQ(told(1), first);
  EXPECT_NE(told(2), first);
}

TEST_F(WhatIf, OfOneUserOnlyHisListsAreToldAndUntilEndsTheLog) {
  options_.user = "u2";
  options_.until = from_ms(kStart + 5000);
  ASSERT_TRUE(
      of_lines({item(0), click(1, "u1", 0), request(2, "r1", "u1"), request(3, "r2", "u2"), request(9, "r3", "u2")})
          .ok());
  ASSERT_EQ(lists_.size(), 1U);
  EXPECT_EQ(lists_[0].request_id.str(), "r2");
  EXPECT_TRUE(figures_.stopped_by_time);
}

TEST_F(WhatIf, ALogThatIsCutShortGivesWhatCameBeforeAndSaysSo) {
  // A gzip member without its end.
  const std::string whole("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
  const auto adapter = ingest::JsonLines::open(scratch_.write("cut.gz", whole));
  ASSERT_TRUE(adapter.ok());
  Metrics metrics;
  const absl::Status cut = what_if_of_lines(**adapter, options_, metrics, figures_);
  EXPECT_TRUE(absl::IsDataLoss(cut)) << cut;
}

// ---- over a bus

class WhatIfOnBus : public WhatIf {
 protected:
  // Lists of "popularity" with chance, and clicks on them.
  void live(int requests) {
    for (int n = 0; n < 8; ++n) bench_.send(bench_.topics().items, absl::StrCat("i", n), item(n));
    bench_.start();
    int second = 0;
    for (int n = 0; n < requests; ++n) {
      const std::string user = absl::StrCat("u", n % 4);
      bench_.send(bench_.topics().events, user, click(++second, user, n % 8));
      bench_.send(bench_.topics().requests, user, request(++second, absl::StrCat("r", n), user));
      ASSERT_TRUE(bench_.process(1, 1, Milliseconds(0), static_cast<std::uint64_t>(n)).ok());
      bench_.finish_epoch();
    }
  }
  absl::Status on_bus() {
    shard_.topics = bench_.topics();
    Metrics metrics;
    return what_if_on_bus(bench_.bus(), options_, metrics, figures_);
  }
  pipeline::ShardBench bench_;
};

TEST_F(WhatIfOnBus, EveryRequestIsAnsweredAnewByThisConfigurationAndHeldAgainstTheLoggedList) {
  live(30);
  ASSERT_TRUE(on_bus().ok());
  EXPECT_EQ(lists_.size(), 30U);
  const PolicyFigures all = figures_.lists.all();
  EXPECT_EQ(all.compared, 30U);
  EXPECT_GT(all.overlap(), 0);
  EXPECT_EQ(figures_.not_asked, 0U);
  EXPECT_EQ(figures_.outcomes, bench_.read(bench_.topics().outcomes).size()) << "it learns from the logged outcomes";
}

TEST_F(WhatIfOnBus, WithTheLoggedPolicyWithoutChanceItGivesTheLoggedLists) {
  bench_.options().policies[0].explorer.kind = "greedy";
  live(30);
  shard_.policies = bench_.options().policies;
  shard_.experiments = bench_.options().experiments;
  ASSERT_TRUE(on_bus().ok());
  // The bench's worker knew no catalogue and no merged statistics: popularity by the shard's own rows is all there is.
  EXPECT_EQ(figures_.lists.all().same_first, figures_.lists.all().compared);
}

TEST_F(WhatIfOnBus, AnEncoderLearnsFromTheLoggedEvents) {
#ifndef RIFFLE_NETWORK
  GTEST_SKIP() << "built without the network module (RIFFLE_NETWORK=OFF)";
#endif
  options_.learner.sequence.encoder = "mean";
  options_.learner.sequence.width = 8;
  options_.learner.sequence.publish_interval = Milliseconds(1);  // the log's: it takes no longer than this test
  options_.learner.network.device = "cpu";
  live(60);
  shard_.policies[0].sources = {"sequence", "popular"};
  ASSERT_TRUE(on_bus().ok());
  ASSERT_EQ(lists_.size(), 60U);
  EXPECT_TRUE(std::any_of(lists_.begin(), lists_.end(), names_sequence));
}

TEST_F(WhatIfOnBus, WhatItAnswersChangesNothing) {
  live(30);
  std::unique_ptr<state::MemoryStore> made = std::make_unique<state::MemoryStore>();
  state::MemoryStore* rows = made.get();
  std::unique_ptr<state::MemoryStore> kept = rows->reopen();
  options_.make_store = [&](Partition) { return std::move(made); };
  answer_by(policy("random", "random"));
  ASSERT_TRUE(on_bus().ok());
  std::size_t users = 0;
  EXPECT_TRUE(kept->scan(state::Column::kUserLists, "", "",
                         [&](std::string_view, std::string_view bytes) {
                           pb::UserLists lists;
                           EXPECT_TRUE(pb::decode(bytes, lists).ok());
                           for (const std::string& id : lists.recommendation_ids())
                             EXPECT_NE(bench_.store().get(state::Column::kDecisions, id).value(), std::nullopt) << id;
                           ++users;
                           return true;
                         })
                  .ok());
  EXPECT_EQ(users, 4U);
}

TEST_F(WhatIfOnBus, WithoutTopicsItSaysWhichOneIsMissing) {
  shard_.topics = bus::TopicNames("other.");
  Metrics metrics;
  const absl::Status missing = what_if_on_bus(bench_.bus(), options_, metrics, figures_);
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("other.epochs"));
}

}  // namespace
}  // namespace riffle::replay
