#include "pipeline/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "records/riffle.pb.h"

namespace riffle::pipeline {
namespace {

// Every member differs from its default, so that one that is forgotten shows.
records::ItemRow full_row() {
  records::ItemRow row;
  row.item_id = ItemId("i1");
  row.counts.fill(3);
  row.impressions = 4;
  row.popularity = {1, 10};
  row.trend = {2, 20};
  row.recent_clicks = {3, 30};
  row.recent_impressions = {4, 40};
  row.recent_expected = {5, 50};
  row.first_ms = 6;
  row.last_ms = 7;
  row.neighbour_reference_ms = 8;
  row.neighbour_total = 9;
  for (std::uint64_t i = 0; i < 30; ++i) {
    row.together.push_back({ItemKey(i), static_cast<float>((i * 7) % 10)});
    row.next.push_back({ItemKey(100 + i), static_cast<float>(i)});
  }
  return row;
}

TEST(Statistics, ARowWithFewNeighboursIsToldAsItIs) {
  const records::ItemRow row = full_row();
  EXPECT_EQ(*told_row(row, 30), row);
}

TEST(Statistics, OfManyNeighboursTheHeaviestAreToldAndOfEqualOnesThoseWithTheLowerKeys) {
  records::ItemRow row = full_row();
  const auto ranks_before = [](const records::Neighbour& a, const records::Neighbour& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.item < b.item;
  };
  const auto told = told_row(row, 8);
  auto together = told->together;
  std::sort(together.begin(), together.end(), ranks_before);
  std::sort(row.together.begin(), row.together.end(), ranks_before);
  row.together.resize(8);
  EXPECT_EQ(together, row.together);
  EXPECT_EQ(told->next.size(), 8U);
}

TEST(Statistics, ARecordIsKeyedByShardAndItemAndItsMemoryIsUsedAgain) {
  const Statistics statistics{{Partition(3), 17, 5}, true, {told_row(full_row(), 8)}};
  ingest::OwnedRecord record;
  record.key = "left over";
  record.value = std::string(10'000, 'x');
  write_record(statistics, *statistics.items.front(), record);
  EXPECT_EQ(record.key, "3/i1");
  EXPECT_EQ(record.partition, Partition(3));
  pb::ItemStats read;
  ASSERT_TRUE(read.ParseFromString(*record.value));
  EXPECT_EQ(read.generation(), 17U);
  EXPECT_EQ(read.epoch(), 5U);
  EXPECT_EQ(read.row().together_size(), 8);
}

}  // namespace
}  // namespace riffle::pipeline
