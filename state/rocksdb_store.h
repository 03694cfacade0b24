// The store on disk: one RocksDB 7.8 a shard (and one a worker), a column family a column.
//
// Decisions, some kB each, are packed on their way in (state/packed_value.h), so that their column's tables are not
// compressed again.
//
// Settings (FORMULAS 6.3, 7.4; each against a fault of 7.8.3): the WAL is always on, so that a
// batch is atomic over the columns; it is recovered to its last whole batch (kPointInTimeRecovery),
// is not compressed, and is not tracked in the MANIFEST; no merge operators, no file ingestion;
// XXH3 checksums on every block; 8 bytes of protection on every key of a batch on its way to the
// memtable. Writes do not wait for each other's memtable insertions (unordered_write).
//
// Opening refuses, with the errors of state/store_errors.h: a directory that another owner holds
// (after waiting), one that is not writable, a full disk, a store with other columns, and a corrupt
// one. A store whose making was cut off by a crash holds nothing, and its making is finished.
// Errors of reads and writes are the same. After a full disk writes answer that same error until
// there is room: RocksDB looks every 5 s; then a repeated write goes through, without reopening.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "state/store.h"

namespace riffle::state {

// Decoded blocks of any number of stores, bounded together. Thread-safe.
struct BlockCache;
std::shared_ptr<BlockCache> make_block_cache(std::size_t bytes);

struct RocksDbOptions {
  std::string directory;
  // Of the memtable of users, items, decisions and joins each (three of each at most); the others
  // get an eighth. Larger: fewer files are written again and again; more RAM. The WAL is kept to
  // four times this, which bounds a restart.
  std::size_t write_buffer_bytes = std::size_t{64} << 20;
  // The store's own cache of blocks, where `block_cache` is null. Hot rows are cached decoded,
  // above: little is enough.
  std::size_t block_cache_bytes = std::size_t{32} << 20;
  std::shared_ptr<BlockCache> block_cache;
  // Flushes and compactions at once, over all stores of the process.
  int max_background_jobs = 2;
  // How long to wait for another owner to let go of the directory: a shard's old owner may be
  // closing it.
  Milliseconds wait_for_lock{0};
  // false: NotFound where there is no store yet.
  bool create = true;
  // Looks at a store, even at one that a running worker owns, as it was at the moment of opening.
  // Writes are refused.
  bool read_only = false;
};

absl::StatusOr<std::unique_ptr<Store>> open_rocksdb_store(const RocksDbOptions& options);

}  // namespace riffle::state
