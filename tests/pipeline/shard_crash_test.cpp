// The promises of DESIGN §5, held by schedules: a shard is killed, or its power cut, between any two steps of applying,
// publishing and committing, and goes on; in the end nothing is lost, nothing doubled, and the rows are those of a run that was
// never killed.
#include <map>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "base/rng.h"
#include "shard_bench.h"

namespace riffle::pipeline {
namespace {

constexpr std::int64_t kStart = 1'700'000'000'000;

std::string event_json(Rng& rng, std::size_t n, const std::string& user, const std::string& list, const std::string& item) {
  std::string json = absl::StrCat("{\"event\":\"interaction\",\"type\":\"", rng.uniform() < .5 ? "click" : "view",
                                  "\",\"timestamp\":", kStart + static_cast<std::int64_t>(n) * 60'000, ",\"user_id\":\"", user,
                                  "\",\"item_id\":\"", item, "\"");
  if (rng.uniform() < .7) absl::StrAppend(&json, ",\"event_id\":\"e", n, "\"");
  if (!list.empty()) absl::StrAppend(&json, ",\"recommendation_id\":\"", list, "\",\"position\":0");
  return json + "}";
}

struct Schedule {
  std::uint64_t seed;
  bool power;
};

// Kills at random; checks at the end. Answers the rows.
void run(ShardBench& bench, Schedule schedule, bool crashes) {
  Rng rng(schedule.seed);        // of the shop: the same with and without crashes
  Rng fate(schedule.seed + 77);  // of the crashes
  std::vector<std::string> inputs;
  std::size_t made = 0;
  const std::size_t total = 60 + rng.below(60);
  const double odds = crashes ? .02 + .08 * fate.uniform() : 0;

  bench.start();
  std::size_t lists_seen = 0;
  for (int turn = 0; turn < 100'000; ++turn) {
    // The shop: events and requests, some malformed or sent twice; some events answer a list that was seen. So that both runs read
    // the same log, what depends on lists is left to the run with crashes only through the joiner's checks.
    if (made < total) {
      const std::string user = absl::StrCat("u", rng.below(5));
      const std::string item = absl::StrCat("i", rng.below(12));
      const double kind = rng.uniform();
      if (kind < .6) {
        const std::string json = event_json(rng, made, user, "", item);
        bench.send(bench.topics().events, user, json);
        if (rng.uniform() < .1) bench.send(bench.topics().events, user, json);
        if (rng.uniform() < .05) bench.send(bench.topics().events, user, json.substr(0, json.size() / 2));
      } else {
        bench.send(bench.topics().requests, user,
                   absl::StrCat("{\"event\":\"request\",\"request_id\":\"r", made, "\",\"user_id\":\"", user, "\",\"n\":3}"));
      }
      ++made;
    }
    if (crashes) {
      // Clicks on lists: their joins, not the rows that both runs are compared by, depend on them.
      const auto lists = bench.read(bench.topics().recommendations);
      for (; lists_seen < lists.size(); ++lists_seen) {
        const auto list = records::decode_recommendation(lists[lists_seen].second).value();
        if (list.items.empty() || fate.uniform() < .5) continue;
        bench.send(bench.topics().events, list.user_id.str(),
                   event_json(fate, 1000 + lists_seen, list.user_id.str(), list.recommendation_id.str(),
                              list.items.front().item_id.str()));
      }
    }
    const auto fails = [&] { return made < total && fate.uniform() < odds; };
    if (fails()) bench.sink().die_after(fate.below(3));
    if (fails()) bench.store().fail_next_write(absl::AbortedError("died"));
    const absl::Status status =
        bench.process(fate.below(4), fate.below(3), Milliseconds(fate.uniform() < .3 ? 60'000 : 0), fate());
    bool crash = !status.ok() || fails();
    if (!crash && (bench.writing() || fate.uniform() < .4)) {
      for (std::uint64_t steps = 1 + fate.below(8); steps > 0 && bench.write_step(); --steps) {
      }
      crash = bench.died() || fails();
    }
    if (crash) {
      if (schedule.power && fate.uniform() < .4) {
        bench.cut_power(fate.below(20));
      } else {
        bench.kill();
      }
      bench.start();
    }
    if (made >= total && bench.idle() && !bench.writing()) break;
  }
  // Time passes, so that every window closes; then the last epoch is committed.
  ASSERT_TRUE(bench.process(100, 100, std::chrono::hours(24 * 30), 1).ok());
  while (!bench.idle()) ASSERT_TRUE(bench.process(100, 100, std::chrono::hours(24 * 30), 1).ok());
  bench.finish_epoch();
}

void check_lists(ShardBench& bench, bool power) {
  std::map<std::string, std::set<std::string>> by_request, by_id;
  for (const auto& [key, value] : bench.read(bench.topics().recommendations)) {
    const auto list = records::decode_recommendation(value).value();
    by_request[list.request_id.str()].insert(list.recommendation_id.str());
    by_id[list.recommendation_id.str()].insert(value);
  }
  EXPECT_EQ(by_request.size(), bench.read(bench.topics().requests).size()) << "a request without a list";
  for (const auto& [id, bytes] : by_id) EXPECT_EQ(bytes.size(), 1U) << "two contents under one recommendation_id";
  if (power) return;  // with fsync `epoch` a power cut may give a request a second list, under a second id
  for (const auto& [request, ids] : by_request) EXPECT_EQ(ids.size(), 1U) << "two lists for " << request;
}

void check_outcomes(ShardBench& bench) {
  std::map<std::uint64_t, std::string> content;
  struct Last {
    std::int64_t revision = -1;
    std::vector<double> rewards;
    bool closed = false;
  };
  std::map<std::string, Last> last;
  std::int64_t highest = (std::int64_t{1} << 20) - 1;  // the first of generation 1
  for (const auto& [key, value] : bench.read(bench.topics().outcomes)) {
    pb::Outcome outcome;
    ASSERT_TRUE(outcome.ParseFromString(value));
    const auto [it, fresh] = content.try_emplace(outcome.sequence(), value);
    EXPECT_EQ(it->second, value) << "one sequence number, two outcomes";
    if (static_cast<std::int64_t>(outcome.sequence()) <= highest) continue;
    ASSERT_EQ(static_cast<std::int64_t>(outcome.sequence()), highest + 1) << "a gap in the outcomes";
    highest = static_cast<std::int64_t>(outcome.sequence());
    Last& l = last[outcome.recommendation_id()];
    EXPECT_FALSE(l.closed) << "a revision after the close";
    EXPECT_EQ(static_cast<std::int64_t>(outcome.revision()), l.revision + 1);
    l.rewards.resize(static_cast<std::size_t>(outcome.slots_size()));
    for (int i = 0; i < outcome.slots_size(); ++i) {
      EXPECT_EQ(outcome.slots(i).previous_reward(), l.rewards[static_cast<std::size_t>(i)]);
      l.rewards[static_cast<std::size_t>(i)] = outcome.slots(i).reward();
    }
    l.revision = outcome.revision();
    l.closed = outcome.closed();
  }
  std::set<std::string> published;
  for (const auto& [key, value] : bench.read(bench.topics().recommendations)) {
    published.insert(records::decode_recommendation(value).value().recommendation_id.str());
  }
  for (const auto& [id, l] : last) {
    EXPECT_TRUE(l.closed) << "an outcome never closed: " << id;
    EXPECT_TRUE(published.contains(id)) << "an outcome of a list that nobody could have seen: " << id;
  }
}

class CrashSchedules : public testing::TestWithParam<std::uint64_t> {};

TEST_P(CrashSchedules, LoseNothingAndDoubleNothing) {
  const bool power = GetParam() % 3 == 0;
  SCOPED_TRACE(absl::StrCat("seed ", GetParam(), power ? ", with power cuts" : ""));
  ShardBench crashed;
  run(crashed, {GetParam(), power}, true);
  if (HasFatalFailure()) return;
  check_lists(crashed, power);
  check_outcomes(crashed);

  // The same log, applied by a shard that is never killed.
  ShardBench straight;
  for (const auto& [key, value] : crashed.read(crashed.topics().events)) straight.send(straight.topics().events, key, value);
  straight.start();
  while (!straight.idle()) ASSERT_TRUE(straight.process(7, 0, Milliseconds(0), 1).ok());
  straight.finish_epoch();
  EXPECT_EQ(crashed.rows(), straight.rows());
}

INSTANTIATE_TEST_SUITE_P(Seeds, CrashSchedules, testing::Range<std::uint64_t>(1, 61));

}  // namespace
}  // namespace riffle::pipeline
