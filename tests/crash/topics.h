// Whole topics into memory, and records onto them: what a campaign does with its bus while it looks
// at it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/bus.h"
#include "shop.h"

namespace riffle::crash {

// A record that owns its bytes.
struct Read {
  Partition partition;
  Offset offset;
  std::optional<std::string> key, value;
  std::vector<std::pair<std::string, std::string>> headers;

  std::string header(std::string_view name) const {
    for (const auto& [n, content] : headers)
      if (n == name) return content;
    return "";
  }
};

// A partition that was just made may have no leader for a moment.
inline bus::Watermarks watermarks_of(bus::Source& source, const bus::TopicPartition& where) {
  absl::StatusOr<bus::Watermarks> marks = source.watermarks(where);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (absl::IsUnavailable(marks.status()) && std::chrono::steady_clock::now() < deadline) {
    (void)source.poll(1, Milliseconds(20));
    marks = source.watermarks(where);
  }
  return marks.value();
}

// Every record of a topic that is there now, partition by partition.
inline std::vector<Read> read_topic(bus::Bus& bus, const std::string& topic) {
  std::vector<Read> all;
  const auto info = bus.describe(topic).value();
  auto source = bus.make_source({}).value();
  for (std::int32_t p = 0; info && p < info->partitions; ++p) {
    const bus::TopicPartition where{topic, Partition(p)};
    const bus::Watermarks marks = watermarks_of(*source, where);
    if (marks.low >= marks.high) continue;
    EXPECT_TRUE(source->assign({{where, marks.low}}).ok());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    bool ended = false;  // a compacted topic may end with a gap
    while (!ended) {
      auto batch = source->poll(1000, Milliseconds(200)).value();
      for (const bus::Record& r : batch.records) {
        if (r.offset >= marks.high) break;
        Read& read = all.emplace_back();
        read.partition = r.partition, read.offset = r.offset;
        if (r.key) read.key.emplace(*r.key);
        if (r.value) read.value.emplace(*r.value);
        for (const bus::Header& h : r.headers) read.headers.emplace_back(h.name, h.value);
        ended |= next(r.offset) >= marks.high;
      }
      ended |= !batch.ends.empty();
      if (!ended && std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << topic << "/" << p << " cannot be read to its end within 30 s";
        return all;
      }
    }
  }
  return all;
}

inline void publish(bus::Bus& bus, const std::vector<ShopRecord>& records) {
  if (records.empty()) return;
  auto sink = bus.make_sink({}).value();
  std::uint64_t last = 0;
  for (const ShopRecord& record : records) {
    bus::OutRecord out;
    out.topic = record.topic;
    out.partition = record.partition;
    out.key = record.key;
    if (record.value) out.value = *record.value;
    if (!record.expect.empty()) out.headers = {{kExpectHeader, record.expect}};
    last = sink->send(out).value();
  }
  EXPECT_TRUE(sink->wait_acknowledged(last, std::chrono::seconds(30)));
}

// The same records in the same partitions of another bus.
inline void copy_topic(bus::Bus& from, bus::Bus& to, const std::string& topic,
                       const std::string& as) {
  const std::vector<Read> records = read_topic(from, topic);
  if (records.empty()) return;
  auto sink = to.make_sink({}).value();
  std::uint64_t last = 0;
  for (const Read& record : records) {
    bus::OutRecord out;
    out.topic = as;
    out.partition = record.partition;
    if (record.key) out.key = *record.key;
    if (record.value) out.value = *record.value;
    for (const auto& [name, content] : record.headers) out.headers.push_back({name, content});
    last = sink->send(out).value();
  }
  EXPECT_TRUE(sink->wait_acknowledged(last, std::chrono::seconds(30)));
}

}  // namespace riffle::crash
