// A shard lives on a workbench, is killed at random places, and its log is applied again: rows and outcomes are the
// live ones.
#include "replay/as_logged.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/rng.h"
#include "pipeline/shard_bench.h"
#include "records/json_codec.h"
#include "state/memory_store.h"
#include "state/row_comparison.h"

namespace riffle::replay {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kStart = 1'700'000'000'000;

std::string event(Rng& rng, std::size_t n, const std::string& user, const std::string& list, const std::string& item) {
  std::string json = absl::StrCat(R"({"event":"interaction","type":")", rng.uniform() < .5 ? "click" : "purchase",
                                  R"(","timestamp":)", kStart + static_cast<std::int64_t>(n) * 60'000,
                                  R"(,"user_id":")", user, R"(","item_id":")", item, "\"");
  if (rng.uniform() < .7) absl::StrAppend(&json, R"(,"event_id":"e)", n, "\"");
  if (!list.empty()) absl::StrAppend(&json, R"(,"recommendation_id":")", list, R"(","position":0)");
  return json + "}";
}

// Some hundred records of five users: clicks on lists, repeats, broken records, an erased user; kills where `crashes`.
void live(pipeline::ShardBench& bench, std::uint64_t seed, bool crashes) {
  Rng rng(seed);
  bench.start();
  std::size_t lists_seen = 0;
  for (std::size_t n = 0; n < 150; ++n) {
    const std::string user = absl::StrCat("u", rng.below(5)), item = absl::StrCat("i", rng.below(12));
    const double kind = rng.uniform();
    if (kind < .5) {
      const std::string json = event(rng, n, user, "", item);
      bench.send(bench.topics().events, user, json);
      if (rng.uniform() < .1) bench.send(bench.topics().events, user, json);
      if (rng.uniform() < .05) bench.send(bench.topics().events, user, json.substr(0, json.size() / 2));
    } else if (kind < .97) {
      bench.send(bench.topics().requests, user,
                 absl::StrCat(R"({"event":"request","request_id":"r)", n, R"(","user_id":")", user,
                              R"(","n":3,"surface":")", rng.uniform() < .5 ? "seen" : "plain", "\"}"));
      if (rng.uniform() < .1) bench.send(bench.topics().requests, user, "{");
    } else {
      bench.send(bench.topics().events, user,
                 absl::StrCat(R"({"event":"erase","timestamp":)", kStart + static_cast<std::int64_t>(n) * 60'000,
                              R"(,"user_id":")", user, "\"}"));
    }
    const auto lists = bench.read(bench.topics().recommendations);
    for (; lists_seen < lists.size(); ++lists_seen) {
      const auto list = records::decode_recommendation(lists[lists_seen].second).value();
      if (list.items.empty() || rng.uniform() < .4) continue;
      bench.send(bench.topics().events, list.user_id.str(),
                 event(rng, n, list.user_id.str(), list.recommendation_id.str(), list.items.front().item_id.str()));
    }
    ASSERT_TRUE(
        bench.process(rng.below(4), rng.below(3), Milliseconds(rng.uniform() < .2 ? 3'600'000 : 0), rng()).ok());
    if (rng.uniform() < .3)
      for (std::uint64_t steps = 1 + rng.below(8); steps > 0 && bench.write_step(); --steps) {
      }
    if (crashes && rng.uniform() < .05) {
      bench.kill();
      bench.start();
    }
  }
  while (!bench.idle()) ASSERT_TRUE(bench.process(100, 100, Milliseconds(1000), rng()).ok());
  bench.finish_epoch();
  bench.finish_epoch();
}

absl::StatusOr<AsLogged> replayed(pipeline::ShardBench& bench, Metrics& metrics, AsLoggedOptions options = {}) {
  options.shard = &bench.options();
  options.partitions = 1;
  return replay_as_logged(bench.bus(), Partition(0), std::make_unique<state::MemoryStore>(), options, metrics, nullptr);
}

state::RowComparison compare(const state::Store& made, const state::Store& live, state::Column column) {
  state::RowComparison comparison;
  EXPECT_TRUE(state::compare_rows(made, live, column, comparison).ok());
  return comparison;
}

class AsLoggedTest : public ::testing::TestWithParam<std::tuple<std::uint64_t, bool>> {};

TEST_P(AsLoggedTest, GivesTheLiveRowsAndOutcomesByteForByte) {
  pipeline::ShardBench bench;
  bench.options().join.impression_surfaces = {"seen"};  // whose outcomes come long after their lists, or never
  const auto [seed, crashes] = GetParam();
  if (seed % 2 == 0) {
    using Aggregate = features::RewardOptions::Aggregate;
    bench.options().rows.reward = {.aggregate = seed % 4 == 0 ? Aggregate::kMax : Aggregate::kLast,
                                   .relevance = 2,
                                   .diversity = .5,
                                   .novelty = -.25,
                                   .comeback = 1,
                                   .comeback_after = std::chrono::hours(1)};
  }
  live(bench, seed, crashes);
  Metrics metrics;
  AsLoggedOptions options;
  options.epoch.records = 1 + seed % 40;  // where the replay commits is its own affair
  const auto made = replayed(bench, metrics, options);
  ASSERT_TRUE(made.ok()) << made.status();
  // Not the joins: of a decision of which no outcome ever came the log does not say how many slots it had.
  for (const state::Column column : {state::Column::kUsers, state::Column::kItems, state::Column::kProfiles,
                                     state::Column::kUserLists, state::Column::kRequests, state::Column::kWaiting}) {
    const auto rows = compare(made->shard->store(), bench.store(), column);
    EXPECT_TRUE(rows.same()) << state::name_of(column) << ": " << rows.different << " differ, " << rows.only_left
                             << " and " << rows.only_right << " are alone";
    EXPECT_TRUE(rows.equal > 0 || column != state::Column::kUsers);
  }
  EXPECT_GT(made->figures.outcomes.equal, 10U);
  EXPECT_EQ(made->figures.outcomes.different, 0U);
  EXPECT_EQ(made->figures.outcomes.not_in_log, 0U);
  EXPECT_EQ(made->figures.last_entry, made->figures.entries);
}

INSTANTIATE_TEST_SUITE_P(Schedules, AsLoggedTest,
                         ::testing::Combine(::testing::Range<std::uint64_t>(1, 13), ::testing::Bool()));

TEST(AsLogged, AnotherConfigurationIsToldByTheRowsAndOutcomesThatDiffer) {
  pipeline::ShardBench bench;
  live(bench, 3, false);
  bench.options().rows.history_length = 2;
  for (auto& type : bench.options().rows.types) type.reward += 1;
  Metrics metrics;
  const auto made = replayed(bench, metrics);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(compare(made->shard->store(), bench.store(), state::Column::kUsers).same());
  EXPECT_GT(made->figures.outcomes.different, 0U);
  EXPECT_FALSE(made->figures.outcomes.first_different.empty());
}

TEST(AsLogged, AConfigurationThatRefusesWhatWasAnsweredIsRefused) {
  pipeline::ShardBench bench;
  bench.start();
  bench.send(bench.topics().requests, "u1", R"({"event":"request","request_id":"r1","user_id":"u1","n":3})");
  ASSERT_TRUE(bench.process(0, 1, Milliseconds(0), 1).ok());
  bench.finish_epoch();
  // Of two partitions, u1's is the other one: to a worker of such topics the request was misrouted.
  const std::int32_t partitions = murmur2_partition("u1", 2) == Partition(1) ? 2 : 3;
  ASSERT_NE(murmur2_partition("u1", partitions), Partition(0));
  bench.options().admission.partitioner = ingest::PartitionerSetting::kMurmur2;
  Metrics metrics;
  AsLoggedOptions options;
  options.shard = &bench.options();
  options.partitions = partitions;
  const auto made =
      replay_as_logged(bench.bus(), Partition(0), std::make_unique<state::MemoryStore>(), options, metrics, nullptr);
  EXPECT_TRUE(absl::IsFailedPrecondition(made.status())) << made.status();
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("riffle.requests/0/0 was answered"));
}

TEST(AsLogged, ARunThatIsNoLongerInTheLogIsRefusedWithItsOffsets) {
  pipeline::ShardBench bench;
  pb::EpochRecord epoch;
  epoch.set_sequence(std::uint64_t{1} << 20);
  auto* entry = epoch.add_entries();
  entry->set_number(1);
  auto* run = entry->add_runs();
  run->set_from(5);
  run->set_to(8);
  bench.send(bench.topics().epochs, "0", epoch.SerializeAsString());
  Metrics metrics;
  const auto made = replayed(bench, metrics);
  EXPECT_TRUE(absl::IsOutOfRange(made.status())) << made.status();
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("riffle.events/0: records 5 to 7 were applied"));
}

TEST(AsLogged, StopsBeforeTheFirstRecordThatIsStampedLater) {
  pipeline::ShardBench bench;
  live(bench, 5, false);
  Metrics metrics;
  AsLoggedOptions options;
  options.until = from_ms(0);  // the bus stamps with today
  const auto none = replayed(bench, metrics, options);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->figures.stopped_by_time);
  EXPECT_EQ(none->figures.events, 0U);
  options.until = from_ms(8'000'000'000'000);
  const auto all = replayed(bench, metrics, options);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_FALSE(all->figures.stopped_by_time);
  EXPECT_EQ(all->figures.entries, all->figures.last_entry);
}

TEST(AsLogged, EndsAtTheEntryThatItIsToldAndWhereItIsInterrupted) {
  pipeline::ShardBench bench;
  live(bench, 6, false);
  Metrics metrics;
  AsLoggedOptions options;
  options.last_entry = 7;
  const auto made = replayed(bench, metrics, options);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->figures.entries, 7U);
  EXPECT_GT(made->figures.last_entry, 7U);
}

}  // namespace
}  // namespace riffle::replay
