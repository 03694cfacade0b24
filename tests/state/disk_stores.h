// Stores on disk for the tests of RocksDB's side: options, rows that can be told apart, and their
// files.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "state/rocksdb_store.h"
#include "state/store.h"

namespace riffle::state {

// Small memtables: tables are flushed within a test.
inline RocksDbOptions options_in(const std::string& directory) {
  RocksDbOptions options;
  options.directory = directory;
  options.write_buffer_bytes = 1 << 20;
  return options;
}

inline std::unique_ptr<Store> open(const std::string& directory) {
  auto store = open_rocksdb_store(options_in(directory));
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

inline void expect_message(const absl::Status& status, std::initializer_list<std::string> parts) {
  for (const std::string& part : parts)
    EXPECT_NE(status.message().find(part), absl::string_view::npos)
        << "no \"" << part << "\" in: " << status;
}

// Those that are not empty.
inline std::vector<std::string> files_of(const std::string& directory,
                                         const std::string& extension) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().extension() == extension && entry.file_size() > 0)
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline std::string manifest_of(const std::string& directory) {
  std::string name;
  std::ifstream(directory + "/CURRENT") >> name;
  return directory + "/" + name;
}

inline std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void overwrite(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// 200 bytes that do not compress and belong to row `i` alone.
inline std::string value_of(std::uint64_t i) {
  Rng rng(i);
  std::string value;
  while (value.size() < 200) value += number_key(rng());
  return value;
}

// Rows 0..rows-1 of users, 500 a batch, with their offset.
inline void fill(Store& store, std::uint64_t rows) {
  for (std::uint64_t i = 0; i < rows; i += 500) {
    WriteBatch batch;
    for (std::uint64_t j = i; j < i + 500; ++j)
      batch.put(Column::kUsers, number_key(j), value_of(j));
    batch.put(Column::kOffsets, "events", number_key(i + 500));
    ASSERT_TRUE(store.write(batch, true).ok());
  }
}

}  // namespace riffle::state
