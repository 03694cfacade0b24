#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "app/bench/figures.h"
#include "app/bench/policy_delay.h"
#include "app/bench/workload.h"
#include "app/bench/zipf.h"
#include "records/json_codec.h"

namespace riffle::app::bench {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using std::chrono::milliseconds;

constexpr TimePoint kStart = from_ms(1'760'000'000'000);

TEST(BenchZipf, RanksComeAsOftenAsTheirShare) {
  const std::size_t ranks = 50, draws = 400'000;
  const Zipf zipf(ranks, 0.8);
  Rng rng(1);
  std::vector<double> seen(ranks);
  for (std::size_t i = 0; i < draws; ++i) ++seen[zipf.draw(rng)];
  double total = 0;
  for (std::size_t r = 0; r < ranks; ++r) total += std::pow(static_cast<double>(r + 1), -0.8);
  for (std::size_t r = 0; r < ranks; ++r) {
    const double expected = static_cast<double>(draws) * std::pow(static_cast<double>(r + 1), -0.8) / total;
    EXPECT_THAT(seen[r], DoubleNear(expected, 5 * std::sqrt(expected))) << "rank " << r;
  }
}

TEST(BenchWorkload, EventsAreReadAsTheWorkloadSaysAndHave200Bytes) {
  Workload workload({}, kStart);
  records::JsonDecoder decoder{records::Limits()};
  records::Event event;
  std::uint64_t malformed = 0, repeated = 0;
  std::set<std::string> ids;
  for (int i = 0; i < 50'000; ++i) {
    const KeyedRecord& record = workload.next_event();
    if (decoder.decode(record.value, event)) {
      ++malformed;
      continue;
    }
    ASSERT_EQ(record.value.size(), 200U) << record.value;
    ASSERT_EQ(event.user_id.str(), record.key);
    if (!ids.insert(event.event_id.str()).second) ++repeated;
  }
  const WorkloadCounts& counts = workload.counts();
  EXPECT_EQ(counts.events, 50'000U);
  EXPECT_EQ(counts.malformed, malformed);
  EXPECT_EQ(counts.duplicates, repeated);
  EXPECT_THAT(static_cast<double>(repeated), DoubleNear(500, 120));
  EXPECT_THAT(static_cast<double>(malformed), DoubleNear(50, 35));
}

TEST(BenchWorkload, ItemsAndRequestsAreRecordsThatRiffleTakes) {
  Workload workload({}, kStart);
  records::JsonDecoder decoder{records::Limits()};
  records::Item item;
  EXPECT_FALSE(decoder.decode(workload.item(17).value, item));
  EXPECT_EQ(item.item_id.str(), "i17");
  EXPECT_EQ(item.category.size(), 2U);
  EXPECT_FALSE(item.title.empty());
  records::Request request;
  const KeyedRecord asked = workload.request("r1");
  EXPECT_FALSE(decoder.decode(asked.value, request));
  EXPECT_EQ(request.user_id.str(), asked.key);
  EXPECT_EQ(request.n, 10);
}

TEST(BenchWorkload, TheSameSeedGivesTheSameRecords) {
  Workload one({}, kStart), two({}, kStart), other({.seed = 2}, kStart);
  int differ = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string value = one.next_event().value;
    ASSERT_EQ(value, two.next_event().value);
    if (value != other.next_event().value) ++differ;
  }
  EXPECT_GT(differ, 900);
}

TEST(BenchFigures, AQuantileIsTheSmallestSampleThatEnoughDoNotExceed) {
  std::vector<double> samples{5, 1, 4, 2, 3};
  EXPECT_EQ(quantile(samples, .50), 3);
  EXPECT_EQ(quantile(samples, .99), 5);
  EXPECT_EQ(quantile(samples, .20), 1);
  std::vector<double> none;
  EXPECT_EQ(quantile(none, .5), 0);
}

TEST(BenchFigures, RunsAreSaidByMedianAndRangeAndPartsUnderTheirWhole) {
  Figures figures;
  for (const double run : {3.0, 1.0, 2.0}) {
    figures.add("events_per_core_second", run);
    figures.add_latency("request_to_list_ms", {run, run});
  }
  const std::string json = figures.json({});
  EXPECT_THAT(json, HasSubstr(R"("events_per_core_second":{"median":2.0,"low":1.0,"high":3.0,"runs":[3.0,1.0,2.0]})"));
  EXPECT_THAT(json, HasSubstr(R"("request_to_list_ms":{"p50":{"median":2.0,)"));
  EXPECT_THAT(json, HasSubstr(R"("users":100000)"));
}

pb::PolicyManifest manifest(std::uint64_t version, std::int64_t position) {
  pb::PolicyManifest made;
  made.set_version(version);
  auto& shard = *made.add_outcomes();
  shard.set_shard(0);
  shard.set_offset(position);
  return made;
}

TEST(BenchPolicyDelay, AnOutcomeIsServedByTheFirstListOfAVersionThatLearnedIt) {
  const PolicyDelay::Time start{};
  PolicyDelay delay;
  delay.add_outcome(Partition(0), Offset(40), start + milliseconds(1000));
  delay.add_outcome(Partition(0), Offset(43), start + milliseconds(1100));
  delay.add_outcome(Partition(0), Offset(44), start + milliseconds(1150));  // nobody has learned it
  delay.add_outcome(Partition(0), Offset(60), start + milliseconds(9000));  // not asked for
  delay.add_manifest(manifest(7, 40));                                      // up to 40, so without it
  delay.add_manifest(manifest(8, 44));
  delay.add_list(7, start + milliseconds(1200));
  delay.add_list(8, start + milliseconds(1270));
  delay.add_list(8, start + milliseconds(1300));
  const auto delays = delay.delays(start, start + milliseconds(5000));
  EXPECT_THAT(delays.ms, ElementsAre(DoubleNear(270, 1e-6), DoubleNear(170, 1e-6)));
  EXPECT_EQ(delays.unserved, 1U);
}

}  // namespace
}  // namespace riffle::app::bench
