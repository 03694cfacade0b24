#include "pipeline/world_feed.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "bus/local_bus.h"
#include "support/await.h"

namespace riffle::pipeline {
namespace {

std::shared_ptr<const records::ItemRow> row_of(const std::string& item, std::uint64_t clicks) {
  records::ItemRow row;
  row.item_id = ItemId(item);
  row.counts[static_cast<std::size_t>(records::InteractionType::kClick)] = clicks;
  row.popularity = {static_cast<double>(clicks), 1'000};
  row.first_ms = row.last_ms = 1'000;
  return told_row(row, 20);
}

class WorldFeedTest : public ::testing::Test {
 protected:
  WorldFeedTest() {
    bus_ = bus::make_local_bus({}).value();
    bus::TopicsOptions topics;
    topics.partitions = 2;
    EXPECT_TRUE(bus_->create_topics(bus::riffle_topics(topics)).ok());
    sink_ = bus_->make_sink({}).value();
    WorldFeed::Options options;
    options.group = "feed";
    options.stats_interval = Milliseconds(0);
    feed_ = WorldFeed::start(*bus_, sink_.get(), std::move(options), metrics_).value();
  }

  static Statistics told(std::int32_t shard, std::uint64_t epoch, const std::string& item, std::uint64_t clicks) {
    return {{Partition(shard), 1, epoch}, true, {row_of(item, clicks)}};
  }
  void publish(const Statistics& statistics) {
    ingest::OwnedRecord record;
    record.topic = bus::TopicNames().item_stats;
    for (const auto& item : statistics.items) {
      write_record(statistics, *item, record);
      const auto ticket = sink_->send(record.record());
      ASSERT_TRUE(ticket.ok()) << ticket.status();
      ASSERT_TRUE(sink_->wait_acknowledged(*ticket, std::chrono::seconds(30)));
    }
  }
  std::uint64_t clicks(const std::string& item) const {
    const auto world = feed_->world().get();
    return features::sums_now(nullptr, world->stats->items.find(key_of(ItemId(item))),
                                  Partition(-1), from_ms(1'000), {}, {})
        .clicks;
  }

  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<bus::Sink> sink_;
  Metrics metrics_;
  std::unique_ptr<WorldFeed> feed_;
};

TEST_F(WorldFeedTest, ItIsReadyOnceItKnowsWhatEveryShardSays) {
  publish(told(1, 1, "a", 20));
  EXPECT_FALSE(feed_->ready());
  feed_->take(told(0, 1, "a", 3));
  feed_->read_others({Partition(0)});
  ASSERT_TRUE(testing::await([&] { return feed_->ready(); }));
  EXPECT_EQ(clicks("a"), 23U);
}

TEST_F(WorldFeedTest, WhatItsOwnShardsWroteIsNotReadAgain) {
  publish(told(0, 9, "a", 1'000));
  feed_->take(told(0, 1, "a", 3));
  feed_->read_others({Partition(0), Partition(1)});
  ASSERT_TRUE(testing::await([&] { return feed_->ready(); }));
  EXPECT_EQ(clicks("a"), 3U);
  feed_->take(told(0, 2, "a", 4));
  EXPECT_TRUE(testing::await([&] { return clicks("a") == 4; }));
}

TEST_F(WorldFeedTest, AShardThatIsGivenAwayIsReadFromTheTopic) {
  feed_->take(told(0, 1, "a", 3));
  feed_->read_others({Partition(0), Partition(1)});
  ASSERT_TRUE(testing::await([&] { return feed_->ready(); }));
  publish(told(0, 2, "a", 5));
  feed_->read_others({Partition(1)});
  EXPECT_TRUE(testing::await([&] { return clicks("a") == 5; }));
  publish(told(0, 3, "a", 6));
  EXPECT_TRUE(testing::await([&] { return clicks("a") == 6; }));
}

TEST_F(WorldFeedTest, AnEpochThatIsKnownChangesNothing) {
  feed_->take(told(0, 5, "a", 8));
  feed_->take(told(0, 4, "a", 7));
  feed_->read_others({Partition(0), Partition(1)});
  ASSERT_TRUE(testing::await([&] { return feed_->ready(); }));
  EXPECT_EQ(clicks("a"), 8U);
}

}  // namespace
}  // namespace riffle::pipeline
