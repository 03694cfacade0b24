#include <algorithm>
#include <span>
#include <vector>

#include "records/rows.h"
#include "records/wire.h"

namespace riffle::records {
namespace {

// Worst cases of the submessages, tag and length included.
constexpr std::size_t kScalarBytes = 1 + kLongestVarint;
constexpr std::size_t kCounterBytes = 2 + 9 + kScalarBytes;
constexpr std::size_t kHistoryBytes = 2 + 9 + kScalarBytes + 2 + 5 + 5;
constexpr std::size_t kNeighbourBytes = 2 + 9 + 5;
constexpr std::size_t kCountsBytes = 2 + kInteractionTypes * kLongestVarint;
static_assert(kHistoryBytes < 128 && kInteractionTypes * kLongestVarint < 128,
              "lengths are written as one byte");

void write_counter(WireWriter& to, std::uint32_t field, const DecayedCounter& counter) {
  if (counter == DecayedCounter{}) return;
  to.short_message(field, [&] {
    to.double_field(1, counter.value);
    to.signed_field(2, counter.time_ms);
  });
}

void write_counts(WireWriter& to, std::uint32_t field, const TypeCounts& counts) {
  if (counts == TypeCounts{}) return;
  to.short_message(field, [&] {
    for (const std::uint64_t count : counts) to.varint(count);
  });
}

void write_neighbours(WireWriter& to, std::uint32_t field, std::span<const Neighbour> neighbours) {
  const auto by_key = [](const Neighbour& a, const Neighbour& b) { return a.item < b.item; };
  thread_local std::vector<Neighbour> sorted;  // rows keep their own order while they are worked on
  if (!std::ranges::is_sorted(neighbours, by_key)) {
    sorted.assign(neighbours.begin(), neighbours.end());
    std::ranges::sort(sorted, by_key);
    neighbours = sorted;
  }
  for (const Neighbour& neighbour : neighbours) {
    to.short_message(field, [&] {
      to.fixed_field(1, neighbour.item.value());
      to.float_field(2, neighbour.weight);
    });
  }
}

}  // namespace

void encode(const UserRow& row, std::string& out) {
  const std::size_t session_bytes = row.session_id.str().size();
  out.resize(row.history.size() * kHistoryBytes + row.impressions.size() * (8 + kLongestVarint) +
             row.seen_events.size() * 8 + 3 * kScalarBytes + kCountsBytes + kCounterBytes +
             5 * kScalarBytes + kScalarBytes + session_bytes);
  WireWriter to(out.data());
  for (const HistoryEntry& entry : row.history) {
    to.short_message(1, [&] {
      to.fixed_field(1, entry.item.value());
      to.signed_field(2, entry.time_ms);
      to.unsigned_field(3, static_cast<std::uint64_t>(entry.type));
      to.float_field(4, entry.weight);
      to.float_field(5, entry.value);
    });
  }
  if (!row.impressions.empty()) {
    to.tag(2, WireType::kBytes);
    to.varint(row.impressions.size() * 8);
    for (const ImpressionEntry& entry : row.impressions) to.raw(entry.item.value());
    std::size_t bytes = 0;
    for (const ImpressionEntry& entry : row.impressions)
      bytes += (static_cast<std::size_t>(std::bit_width(zigzag(entry.time_ms) | 1)) + 6) / 7;
    to.tag(3, WireType::kBytes);
    to.varint(bytes);
    for (const ImpressionEntry& entry : row.impressions) to.varint(zigzag(entry.time_ms));
  }
  write_counts(to, 4, row.counts);
  write_counter(to, 5, row.activity);
  to.signed_field(6, row.first_ms);
  to.signed_field(7, row.last_ms);
  to.signed_field(8, row.erased_before_ms);
  if (!row.seen_events.empty()) {
    to.tag(9, WireType::kBytes);
    to.varint(row.seen_events.size() * 8);
    for (const std::uint64_t hash : row.seen_events) to.raw(hash);
  }
  to.string_field(10, row.session_id.str());
  to.signed_field(11, row.session_start_ms);
  to.unsigned_field(12, row.impression_count);
  out.resize(static_cast<std::size_t>(to.at() - out.data()));
}

void encode(const ItemRow& row, std::string& out) {
  out.resize((row.together.size() + row.next.size()) * kNeighbourBytes + kScalarBytes +
             row.item_id.str().size() + kCountsBytes + 5 * kCounterBytes + 5 * kScalarBytes);
  WireWriter to(out.data());
  to.string_field(1, row.item_id.str());
  write_counts(to, 2, row.counts);
  to.unsigned_field(3, row.impressions);
  write_counter(to, 4, row.popularity);
  write_counter(to, 5, row.trend);
  to.signed_field(6, row.first_ms);
  to.signed_field(7, row.last_ms);
  to.signed_field(8, row.neighbour_reference_ms);
  to.double_field(9, row.neighbour_total);
  write_neighbours(to, 10, row.together);
  write_neighbours(to, 11, row.next);
  write_counter(to, 12, row.recent_clicks);
  write_counter(to, 13, row.recent_impressions);
  write_counter(to, 14, row.recent_expected);
  out.resize(static_cast<std::size_t>(to.at() - out.data()));
}

}  // namespace riffle::records
