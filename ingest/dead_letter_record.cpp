#include "ingest/dead_letter_record.h"

#include <algorithm>

namespace riffle::ingest {
namespace {

constexpr std::size_t kLargestKey =
    8 << 10;  // 32 times the longest id; what is beyond is some other mistake
constexpr std::size_t kLargestMessage = 4 << 10;
constexpr std::size_t kLargestTrace = 512;  // a traceparent has 55 bytes

}  // namespace

bus::OutRecord OwnedRecord::record() const {
  bus::OutRecord out{.topic = topic,
                     .partition = partition,
                     .key = key,
                     .value = value,
                     .headers = {},
                     .timestamp = {}};
  out.headers.reserve(headers.size());
  for (const auto& [name, content] : headers) out.headers.push_back({name, content});
  return out;
}

OwnedRecord dead_letter(const bus::Record& record, const records::Reason& reason,
                        const std::string& topic, std::size_t largest_value_bytes) {
  OwnedRecord out;
  out.topic = topic;
  if (record.key) out.key = record.key->substr(0, kLargestKey);
  if (record.value) out.value = record.value->substr(0, largest_value_bytes);
  out.headers = {{"error.code", std::string(records::code_name(reason.code))},
                 {"error.message", reason.message.substr(0, kLargestMessage)},
                 {"origin.topic", std::string(record.topic)},
                 {"origin.partition", std::to_string(record.partition.value())},
                 {"origin.offset", std::to_string(record.offset.value())}};
  const bool value_cut = record.value && out.value->size() < record.value->size();
  const bool key_cut = record.key && out.key->size() < record.key->size();
  if (value_cut || key_cut) {
    out.headers.emplace_back("truncated", "true");
    out.headers.emplace_back("origin.size",
                             std::to_string(record.value ? record.value->size() : 0));
  }
  if (key_cut) out.headers.emplace_back("origin.key_size", std::to_string(record.key->size()));
  const auto trace = std::ranges::find(record.headers, "traceparent", &bus::Header::name);
  if (trace != record.headers.end() && trace->value.size() <= kLargestTrace)
    out.headers.emplace_back("traceparent", std::string(trace->value));
  return out;
}

}  // namespace riffle::ingest
