// How the stores' RocksDB is set up, and how it is opened; only for rocksdb_*.cpp. The prose is in
// rocksdb_store.h.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "state/manifest_mark.h"
#include "state/rocksdb_store.h"

namespace riffle::state {

struct BlockCache {
  std::shared_ptr<rocksdb::Cache> cache;
};

// An open RocksDB with its column families. Closing marks the MANIFEST as it is left.
struct OpenDb {
  OpenDb() = default;
  OpenDb(OpenDb&&) = default;
  OpenDb& operator=(OpenDb&& other) noexcept {
    std::swap(db, other.db);
    std::swap(handles, other.handles);
    std::swap(mark, other.mark);
    return *this;
  }
  ~OpenDb();

  rocksdb::ColumnFamilyHandle* column(Column column) const {
    return handles[static_cast<std::size_t>(column) + 1];
  }

  std::unique_ptr<rocksdb::DB> db;
  // RocksDB's "default", which stays empty, then one a column
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::shared_ptr<ManifestMark> mark;  // null: open for reading only
};

// Written once, seldom read, and some kB each: its values are packed (state/packed_value.h) before RocksDB copies them.
bool is_packed(Column column);

// Flushes and compactions update `mark`, where there is one.
rocksdb::DBOptions db_options(const RocksDbOptions& options,
                              const std::shared_ptr<ManifestMark>& mark);
// "default" first, then the columns in their order.
std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const RocksDbOptions& options);

// With the refusals, the wait for the lock and the completion of a cut-off making.
absl::StatusOr<OpenDb> open_db(const RocksDbOptions& options);

}  // namespace riffle::state
