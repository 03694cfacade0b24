// What lists know while a backlog of events waits.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "features/item_stats.h"
#include "pipeline/shard_bench.h"
#include "records/json_codec.h"

namespace riffle::pipeline {
namespace {

class ShardLag : public testing::Test {
 protected:
  void view(int times) {
    for (int i = 0; i < times; ++i)
      bench_.send(bench_.topics().events, "u1",
                  R"({"event":"interaction","type":"click","timestamp":1700000000000,"user_id":"u1","item_id":"i1"})");
    ASSERT_TRUE(bench_.process(100, 0, Milliseconds(0), 1).ok());
  }
  // What the worker's world feed does with what the shard has told.
  void hear(std::uint64_t epoch) {
    builder_.update(item_key("i1"), {Partition(0), 1, epoch, told_row(row(), 20)});
    builder_.heard(Partition(0), 1, epoch);
    bench_.world().stats = builder_.snapshot();
  }
  records::ItemRow row() {
    const auto bytes = bench_.store().get(state::Column::kItems, features::item_row_key(item_key("i1"))).value();
    records::ItemRow row;
    EXPECT_TRUE(bytes && records::decode(*bytes, row).ok());
    return row;
  }
  // Of the only candidate, by popularity.
  float score(bool events_lag) {
    bench_.send(bench_.topics().requests, "u2",
                R"({"event":"request","user_id":"u2","timestamp":1700000000000,"n":1,"candidates":["i1"]})");
    EXPECT_TRUE(bench_.process(0, 100, Milliseconds(0), 1, events_lag).ok());
    const auto list = records::decode_recommendation(bench_.read(bench_.topics().recommendations).back().second);
    EXPECT_TRUE(list.ok() && list->items.size() == 1) << list.status();
    return static_cast<float>(list->items.at(0).score);
  }

  features::ItemStatsBuilder builder_{features::RowOptions()};
  ShardBench bench_;
};

TEST_F(ShardLag, ListsReadItemsAsTheyWereToldLast) {
  bench_.start();
  view(1);
  bench_.finish_epoch();
  hear(1);
  const float told = score(false);
  view(20);
  EXPECT_GT(score(false), told) << "caught up: what was just done counts at once";
  EXPECT_EQ(score(true), told);
}

TEST_F(ShardLag, BeforeAShardHasToldAnythingListsReadItsRows) {
  bench_.start();
  view(1);
  bench_.finish_epoch();
  bench_.kill();
  bench_.start();
  hear(1);
  const float told = score(false);
  view(20);
  EXPECT_GT(score(true), told) << "what is known of the items is from before the start";
}

}  // namespace
}  // namespace riffle::pipeline
