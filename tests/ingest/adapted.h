// What an adapter makes of its file.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "ingest/adapters/adapter.h"
#include "records/json_codec.h"

namespace riffle::ingest {

// What the adapter says that it decoded is what the record's JSON says.
inline void expect_as_decoded(const Adapter& adapter, const ImportRecord& record) {
  records::JsonDecoder decoder{records::Limits{}};
  if (record.input == ImportInput::kEvents) {
    records::Event event;
    EXPECT_FALSE(decoder.decode(record.value, event)) << record.value;
    EXPECT_EQ(records::encode_json(adapter.event()), records::encode_json(event));
  } else if (record.input == ImportInput::kItems) {
    records::Item item;
    EXPECT_FALSE(decoder.decode(record.value, item)) << record.value;
    EXPECT_EQ(records::encode_json(adapter.item()), records::encode_json(item));
  }
}

inline std::vector<ImportRecord> all(Adapter& adapter) {
  std::vector<ImportRecord> records;
  ImportRecord record;
  for (;;) {
    const auto more = adapter.next(record);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return records;
    expect_as_decoded(adapter, record);
    records.push_back(record);
  }
}

// Of every fate that befell a row.
inline std::map<std::string, std::uint64_t> counts_of(const Adapter& adapter) {
  std::map<std::string, std::uint64_t> counts;
  for (const RowCount& count : adapter.counts())
    if (count.rows > 0) counts[count.what] = count.rows;
  return counts;
}

}  // namespace riffle::ingest
