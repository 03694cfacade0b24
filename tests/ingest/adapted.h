// What an adapter makes of its file.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "ingest/adapters/adapter.h"

namespace riffle::ingest {

inline std::vector<ImportRecord> all(Adapter& adapter) {
  std::vector<ImportRecord> records;
  ImportRecord record;
  for (;;) {
    const auto more = adapter.next(record);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return records;
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
