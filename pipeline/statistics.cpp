#include "pipeline/statistics.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace riffle::pipeline {
namespace {

using records::Neighbour;

std::vector<Neighbour> top(const std::vector<Neighbour>& list, std::size_t count) {
  if (count == 0) return {};
  if (list.size() <= count) return list;
  thread_local std::vector<Neighbour> ranked;
  ranked.assign(list.begin(), list.end());
  const auto end = ranked.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(ranked.begin(), end, ranked.end(), [](const Neighbour& a, const Neighbour& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.item < b.item;
  });
  return {ranked.begin(), end};
}

}  // namespace

std::shared_ptr<const records::ItemRow> told_row(const records::ItemRow& row, std::size_t neighbours) {
  auto told = std::make_shared<records::ItemRow>();
  told->item_id = row.item_id;
  told->counts = row.counts;
  told->impressions = row.impressions;
  told->popularity = row.popularity;
  told->trend = row.trend;
  told->recent_clicks = row.recent_clicks;
  told->recent_impressions = row.recent_impressions;
  told->recent_expected = row.recent_expected;
  told->first_ms = row.first_ms;
  told->last_ms = row.last_ms;
  told->neighbour_reference_ms = row.neighbour_reference_ms;
  told->neighbour_total = row.neighbour_total;
  told->together = top(row.together, neighbours);
  told->next = top(row.next, neighbours);
  return told;
}

void write_record(const Statistics& statistics, const records::ItemRow& row, ingest::OwnedRecord& out) {
  out.partition = statistics.head.shard;
  if (!out.key) out.key.emplace();
  if (!out.value) out.value.emplace();
  out.key->clear();
  absl::StrAppend(&*out.key, statistics.head.shard.value(), "/", row.item_id.str());
  records::encode_item_stats(statistics.head, row, *out.value);
}

}  // namespace riffle::pipeline
