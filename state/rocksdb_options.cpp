#include "state/rocksdb_options.h"

#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "base/log.h"
#include "state/rocksdb_log.h"

namespace riffle::state {
namespace {

class ManifestMarker final : public rocksdb::EventListener {
 public:
  explicit ManifestMarker(std::shared_ptr<ManifestMark> mark) : mark_(std::move(mark)) {}
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { update(); }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override { update(); }

 private:
  void update() {
    // An older mark only checks less.
    if (const absl::Status status = mark_->update(); !status.ok())
      log::warn("cannot mark a MANIFEST: {}", std::string(status.message()));
  }

  const std::shared_ptr<ManifestMark> mark_;
};

bool is_large(Column column) {
  switch (column) {
    case Column::kUsers:
    case Column::kItems:
    case Column::kDecisions:
    case Column::kJoins:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool is_packed(Column column) { return column == Column::kDecisions; }

namespace {

rocksdb::CompressionType compression() {
  static const rocksdb::CompressionType type = [] {
    const auto supported = rocksdb::GetSupportedCompressions();
    const bool lz4 =
        std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
    return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  }();
  return type;
}

rocksdb::ColumnFamilyOptions column_options(const RocksDbOptions& options,
                                            const std::shared_ptr<BlockCache>& cache, bool large,
                                            bool column_is_packed) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache->cache;
  table.filter_policy.reset(
      rocksdb::NewBloomFilterPolicy(10));      // bits a key: 1 % of absent keys cost a read
  table.cache_index_and_filter_blocks = true;  // so that they are inside the cache's bound
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  if (column_is_packed) table.block_size = 32 << 10;  // a block with a value of its own each would be mostly overhead

  rocksdb::ColumnFamilyOptions column;
  constexpr std::size_t kSmallest = std::size_t{256} << 10;
  column.write_buffer_size =
      std::max(large ? options.write_buffer_bytes : options.write_buffer_bytes / 8, kSmallest);
  column.max_write_buffer_number = large ? 3 : 2;
  column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  column.compression = column_is_packed ? rocksdb::kNoCompression : compression();
  // Most keys that are looked for are new ones: a list's, a request's.
  column.memtable_whole_key_filtering = true;
  column.memtable_prefix_bloom_size_ratio = 0.02;
  column.level_compaction_dynamic_level_bytes = true;
  return column;
}

}  // namespace

std::shared_ptr<BlockCache> make_block_cache(std::size_t bytes) {
  return std::make_shared<BlockCache>(BlockCache{rocksdb::NewLRUCache(bytes)});
}

rocksdb::DBOptions db_options(const RocksDbOptions& options,
                              const std::shared_ptr<ManifestMark>& mark) {
  rocksdb::DBOptions db;
  db.max_background_jobs = options.max_background_jobs;
  db.max_file_opening_threads = 1;  // a store has a few dozen files: threads take longer to start than to open them
  db.db_write_buffer_size = 2 * std::max(options.write_buffer_bytes, std::size_t{256} << 10);  // of all columns together
  db.max_manifest_file_size = 4 << 20;  // it is read whole at every mark
  db.max_total_wal_size = 4 * std::max(options.write_buffer_bytes, std::size_t{256} << 10);
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.wal_compression = rocksdb::kNoCompression;
  db.track_and_verify_wals_in_manifest = false;
  db.paranoid_checks = true;
  // A batch is in the log before it goes into the memtables, and each goes there by itself: the journal's few kB do not wait
  // for the tens of MB of a commit, which a list would wait for in turn. Whoever has written reads what he wrote; what is
  // read meanwhile may be half of another thread's batch, which RocksDbStore::scan prevents and single rows do not show.
  db.unordered_write = true;
  db.bytes_per_sync =
      1 << 20;  // spreads the flushes' writing, so that an epoch's fsync does not wait behind them
  db.info_log = rocksdb_log(options.directory);
  db.info_log_level = rocksdb::WARN_LEVEL;
  if (mark) db.listeners.push_back(std::make_shared<ManifestMarker>(mark));
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const RocksDbOptions& options) {
  const auto cache =
      options.block_cache ? options.block_cache : make_block_cache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, column_options(options, cache, false, false));
  for (std::size_t i = 0; i < kColumns; ++i) {
    const auto column = static_cast<Column>(i);
    families.emplace_back(std::string(name_of(column)),
                          column_options(options, cache, is_large(column), is_packed(column)));
  }
  return families;
}

}  // namespace riffle::state
