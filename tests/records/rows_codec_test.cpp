// The hand-written codec against the generated classes, on random rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/rng.h"
#include "records/item_stats_record.h"
#include "records/riffle.pb.h"
#include "records/rows.h"

namespace riffle::records {
namespace {

std::int64_t random_ms(Rng& rng) {
  switch (rng.below(5)) {
    case 0:
      return 0;
    case 1:
      return std::numeric_limits<std::int64_t>::min();
    case 2:
      return -static_cast<std::int64_t>(rng.below(1000));
    default:
      return 1'600'000'000'000 + static_cast<std::int64_t>(rng.below(100'000'000'000));
  }
}

float random_float(Rng& rng) { return rng.below(4) ? static_cast<float>(rng.normal()) : 0.0f; }
DecayedCounter random_counter(Rng& rng) {
  return rng.below(3) ? DecayedCounter{rng.below(3) ? rng.normal() : 0.0, random_ms(rng)}
                      : DecayedCounter{};
}
ItemKey random_key(Rng& rng) { return ItemKey(rng.below(8) ? rng() : 0); }

template <class T>
std::vector<T> random_list(Rng& rng, auto&& make) {
  std::vector<T> list(rng.below(4) ? rng.below(70) : 0);
  for (T& value : list) value = make();
  return list;
}

void randomise(Rng& rng, TypeCounts& counts) {
  if (rng.below(3) == 0) return;
  for (std::uint64_t& count : counts) count = rng.below(3) ? rng() >> rng.below(64) : 0;
}

UserRow random_user(Rng& rng) {
  UserRow row;
  row.history = random_list<HistoryEntry>(rng, [&] {
    return HistoryEntry{random_key(rng), random_ms(rng),
                        static_cast<InteractionType>(rng.below(kInteractionTypes)),
                        random_float(rng), random_float(rng)};
  });
  row.impressions = random_list<ImpressionEntry>(rng, [&] {
    return ImpressionEntry{random_key(rng), random_ms(rng)};
  });
  row.seen_events = random_list<std::uint64_t>(rng, [&] { return rng(); });
  randomise(rng, row.counts);
  row.impression_count = rng.below(2) ? rng() : 0;
  row.activity = random_counter(rng);
  row.first_ms = random_ms(rng);
  row.last_ms = random_ms(rng);
  row.erased_before_ms = random_ms(rng);
  row.session_start_ms = random_ms(rng);
  if (rng.below(2)) row.session_id.assign(std::string(rng.below(300), 's'));
  return row;
}

ItemRow random_item(Rng& rng) {
  ItemRow row;
  if (rng.below(8)) row.item_id.assign("i" + std::string(rng.below(256), 'x'));
  randomise(rng, row.counts);
  row.impressions = rng.below(1000);
  for (DecayedCounter* counter :
       {&row.popularity, &row.trend, &row.recent_clicks, &row.recent_impressions,
        &row.recent_expected})
    *counter = random_counter(rng);
  row.first_ms = random_ms(rng);
  row.last_ms = random_ms(rng);
  row.neighbour_reference_ms = random_ms(rng);
  row.neighbour_total = rng.below(2) ? rng.uniform() : 0;
  row.together = random_list<Neighbour>(rng, [&] {
    return Neighbour{random_key(rng), random_float(rng)};
  });
  row.next = random_list<Neighbour>(rng, [&] {
    return Neighbour{random_key(rng), random_float(rng)};
  });
  return row;
}

void fill(const DecayedCounter& from, pb::DecayedCounter* to) {
  to->set_value(from.value);
  to->set_time_ms(from.time_ms);
}

std::string generated_bytes(const UserRow& row) {
  pb::UserRow to;
  for (const HistoryEntry& entry : row.history) {
    auto* out = to.add_history();
    out->set_item_key(entry.item.value());
    out->set_time_ms(entry.time_ms);
    out->set_type(static_cast<std::uint32_t>(entry.type));
    out->set_weight(entry.weight);
    out->set_value(entry.value);
  }
  for (const ImpressionEntry& entry : row.impressions) {
    to.add_impression_items(entry.item.value());
    to.add_impression_times_ms(entry.time_ms);
  }
  if (row.counts != TypeCounts{})
    for (const std::uint64_t count : row.counts) to.add_counts(count);
  if (row.activity != DecayedCounter{}) fill(row.activity, to.mutable_activity());
  to.set_first_ms(row.first_ms);
  to.set_last_ms(row.last_ms);
  to.set_erased_before_ms(row.erased_before_ms);
  for (const std::uint64_t hash : row.seen_events) to.add_seen_events(hash);
  to.set_session_id(row.session_id.str());
  to.set_session_start_ms(row.session_start_ms);
  to.set_impressions(row.impression_count);
  return to.SerializeAsString();
}

std::string generated_bytes(const ItemRow& row) {
  pb::ItemRow to;
  to.set_item_id(row.item_id.str());
  if (row.counts != TypeCounts{})
    for (const std::uint64_t count : row.counts) to.add_counts(count);
  to.set_impressions(row.impressions);
  if (row.popularity != DecayedCounter{}) fill(row.popularity, to.mutable_popularity());
  if (row.trend != DecayedCounter{}) fill(row.trend, to.mutable_trend());
  if (row.recent_clicks != DecayedCounter{}) fill(row.recent_clicks, to.mutable_recent_clicks());
  if (row.recent_impressions != DecayedCounter{})
    fill(row.recent_impressions, to.mutable_recent_impressions());
  if (row.recent_expected != DecayedCounter{})
    fill(row.recent_expected, to.mutable_recent_expected());
  to.set_first_ms(row.first_ms);
  to.set_last_ms(row.last_ms);
  to.set_neighbour_reference_ms(row.neighbour_reference_ms);
  to.set_neighbour_total(row.neighbour_total);
  for (const Neighbour& neighbour : row.together) {
    auto* out = to.add_together();
    out->set_item_key(neighbour.item.value());
    out->set_weight(neighbour.weight);
  }
  for (const Neighbour& neighbour : row.next) {
    auto* out = to.add_next();
    out->set_item_key(neighbour.item.value());
    out->set_weight(neighbour.weight);
  }
  return to.SerializeAsString();
}

void sort_neighbours(ItemRow& row) {
  for (auto* list : {&row.together, &row.next})
    std::ranges::sort(*list, {}, [](const Neighbour& n) { return std::pair(n.item, n.weight); });
}

TEST(RowsCodec, UserRowsHaveTheBytesOfTheGeneratedClassAndComeBack) {
  std::string bytes;
  UserRow back;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const UserRow row = random_user(rng);
    encode(row, bytes);
    ASSERT_EQ(bytes, generated_bytes(row));
    ASSERT_TRUE(decode(bytes, back).ok());
    ASSERT_EQ(back, row);
  }
}

TEST(RowsCodec, ItemStatisticsHaveTheBytesOfTheGeneratedClassAndComeBack) {
  std::string bytes;
  ItemRow back;
  ItemStatsHead head_back;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    ItemRow row = random_item(rng);
    sort_neighbours(row);
    const ItemStatsHead head{Partition(static_cast<std::int32_t>(rng.below(300))), rng() >> rng.below(64), rng.below(3)};
    encode_item_stats(head, row, bytes);
    pb::ItemStats generated;
    generated.set_shard(head.shard.value());
    generated.set_generation(head.generation);
    generated.set_epoch(head.epoch);
    generated.mutable_row()->ParseFromString(generated_bytes(row));
    ASSERT_EQ(bytes, generated.SerializeAsString());
    ASSERT_TRUE(decode_item_stats(bytes, head_back, back).ok());
    ASSERT_EQ(back, row);
    ASSERT_EQ(head_back, head);
    ASSERT_FALSE(decode_item_stats(std::string_view(bytes).substr(0, bytes.size() - 1), head_back, back).ok());
  }
}

TEST(RowsCodec, ItemRowsHaveTheBytesOfTheGeneratedClassAndComeBack) {
  std::string bytes;
  ItemRow back;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    ItemRow row = random_item(rng);
    sort_neighbours(row);
    encode(row, bytes);
    ASSERT_EQ(bytes, generated_bytes(row));
    ASSERT_TRUE(decode(bytes, back).ok());
    ASSERT_EQ(back, row);
  }
}

// The writer asks for room once and never looks again: what it asks for is held to the longest row.
TEST(RowsCodec, AnItemRowWhoseEveryNumberIsAtItsLongestKeepsToItsRoom) {
  constexpr auto kLongest = std::numeric_limits<std::int64_t>::min();
  ItemRow row;
  row.item_id.assign(std::string(256, 'i'));
  row.counts.fill(~std::uint64_t{0});
  row.impressions = ~std::uint64_t{0};
  for (DecayedCounter* counter :
       {&row.popularity, &row.trend, &row.recent_clicks, &row.recent_impressions,
        &row.recent_expected})
    *counter = {1.5, kLongest};
  row.first_ms = row.last_ms = row.neighbour_reference_ms = kLongest;
  row.neighbour_total = 1.5;
  std::string bytes;  // AddressSanitizer sees a byte too many
  encode(row, bytes);
  EXPECT_EQ(bytes, generated_bytes(row));
}

TEST(RowsCodec, NeighboursInAnyOrderGiveTheSameBytesAndStayAsTheyAre) {
  ItemRow row;
  row.together = {{ItemKey(9), 1}, {ItemKey(3), 2}, {ItemKey(5), 3}};
  row.next = {{ItemKey(2), 1}, {ItemKey(1), 2}};
  ItemRow other = row;
  std::ranges::reverse(other.together);
  std::ranges::reverse(other.next);
  std::string bytes, other_bytes;
  encode(row, bytes);
  encode(other, other_bytes);
  EXPECT_EQ(bytes, other_bytes);
  EXPECT_EQ(row.together[0].item, ItemKey(9));
}

TEST(RowsCodec, AnEmptyRowIsNoBytes) {
  std::string bytes = "left over";
  encode(UserRow{}, bytes);
  EXPECT_TRUE(bytes.empty());
  encode(ItemRow{}, bytes);
  EXPECT_TRUE(bytes.empty());
  UserRow row;
  row.session_id.assign("left over");
  row.counts[1] = 5;
  ASSERT_TRUE(decode("", row).ok());
  EXPECT_EQ(row, UserRow{});
}

TEST(RowsCodec, ACutRowIsAnErrorOrAShorterRowThatEncodesToTheSameCut) {
  Rng rng(11);
  for (int round = 0; round < 20; ++round) {
    std::string user, item;
    encode(random_user(rng), user);
    encode(random_item(rng), item);
    UserRow user_row;
    ItemRow item_row;
    std::string again;
    for (std::size_t size = 0; size < user.size(); ++size) {
      if (!decode(std::string_view(user).substr(0, size), user_row).ok()) continue;
      encode(user_row, again);
      EXPECT_EQ(again, user.substr(0, size));  // it was cut between two fields
    }
    for (std::size_t size = 0; size < item.size(); ++size)
      if (decode(std::string_view(item).substr(0, size), item_row).ok()) {
        encode(item_row, again);
        EXPECT_EQ(again.size(), size);
      }
  }
}

TEST(RowsCodec, RandomBytesAreReadOrRefusedButNeverReadBeyond) {
  Rng rng(3);
  UserRow user;
  ItemRow item;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(rng.below(60), '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
    decode(bytes, user).IgnoreError();
    decode(bytes, item).IgnoreError();
  }
}

TEST(RowsCodec, BrokenRowsSayThatTheyAreCorrupt) {
  UserRow row;
  for (const std::string& bytes :
       {std::string("\x0a\x7f"), std::string("\x12\x07"), std::string("\xff\xff\xff"),
        std::string("\x08\x01"), std::string("\x0a\x02\x18\x0b")}) {
    const auto status = decode(bytes, row);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_NE(status.message().find("corrupt"), absl::string_view::npos);
  }
}

TEST(RowsCodec, FieldsOfANewerVersionAreSkipped) {
  UserRow row;
  row.first_ms = 5;
  std::string bytes;
  encode(row, bytes);
  bytes += std::string("\x68\x07", 2);                                   // field 13, varint
  bytes += std::string("\x72\x03", 2) + "new";                           // field 14, bytes
  bytes += std::string("\x7d\x01\x02\x03\x04", 5);                       // field 15, fixed32
  bytes += std::string("\x81\x01\x01\x02\x03\x04\x05\x06\x07\x08", 10);  // field 16, fixed64
  UserRow back;
  ASSERT_TRUE(decode(bytes, back).ok());
  EXPECT_EQ(back, row);
}

}  // namespace
}  // namespace riffle::records
