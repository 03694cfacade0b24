// Shard time: what dates a request, and closes a list's windows.
#include "shard_bench.h"

namespace riffle::pipeline {
namespace {

constexpr std::int64_t kThen = 1'290'000'000'000;  // 2010

std::string request(const std::string& id, const std::string& more = "") {
  return absl::StrCat(R"({"event":"request","n":3,"candidates":["i0","i1","i2"],"user_id":"u","request_id":")", id, "\"", more, "}");
}
std::string click(std::int64_t time_ms) {
  return absl::StrCat(R"({"event":"interaction","type":"click","user_id":"u","item_id":"i9","timestamp":)", time_ms, "}");
}

class ShardTime : public ::testing::Test {
 protected:
  void process(Milliseconds tick = Milliseconds(0)) { ASSERT_TRUE(bench_.process(10, 10, tick, 1).ok()); }
  int closed_outcomes() {
    int closed = 0;
    for (const auto& [key, value] : bench_.read(bench_.topics().outcomes)) {
      pb::Outcome outcome;
      EXPECT_TRUE(pb::decode(value, outcome).ok());
      closed += outcome.closed();
    }
    return closed;
  }
  ShardBench bench_;
};

// Requests of a history that is played again: the lists' windows must close as that history goes on, not years later.
TEST_F(ShardTime, BeginsWithTheFirstRequestsOwnTimeAlsoAfterAKill) {
  bench_.start();
  bench_.send(bench_.topics().requests, "u", request("r1", absl::StrCat(R"(,"timestamp":)", kThen)));
  process();
  EXPECT_EQ(to_ms(bench_.shard().shard_time()), kThen);
  bench_.kill();
  bench_.start();
  EXPECT_EQ(to_ms(bench_.shard().shard_time()), kThen);
  bench_.send(bench_.topics().events, "u", click(kThen + 60'000));
  process(Milliseconds(1));
  bench_.finish_epoch();
  EXPECT_EQ(closed_outcomes(), 0);
  bench_.send(bench_.topics().events, "u", click(kThen + 30LL * 24 * 3600 * 1000));
  process(Milliseconds(1));
  bench_.finish_epoch();
  EXPECT_EQ(closed_outcomes(), 1);
}

TEST_F(ShardTime, BeginsWithTheRecordsTimeWhereTheFirstRequestHasNone) {
  bench_.start();
  bench_.send(bench_.topics().requests, "u", request("r1"));
  process();
  const TimePoint began = bench_.shard().shard_time();
  EXPECT_GT(to_ms(began), kThen);
  bench_.kill();
  bench_.start();
  EXPECT_EQ(bench_.shard().shard_time(), began);
}

}  // namespace
}  // namespace riffle::pipeline
