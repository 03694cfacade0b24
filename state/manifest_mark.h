// RocksDB's MANIFEST says which files hold the rows. It only grows, but one that was cut short at a
// record's end, or whose last record has a wrong length, looks whole to RocksDB, which then deletes
// the files it no longer knows: rows would silently be old ones. So beside it lies MARK, how long
// the MANIFEST was known to be and the hash of so many of its bytes, written after every flush and
// compaction; one that is shorter or other is refused.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace riffle::state {

class ManifestMark {
 public:
  explicit ManifestMark(std::string directory) : directory_(std::move(directory)) {}

  // After RocksDB changed the MANIFEST, while its LOCK is held: makes it durable, then writes down
  // its number, size and hash. Thread-safe.
  absl::Status update();

  // Corruption where the MANIFEST in force is older or shorter than the mark, or has other bytes. No mark (a new store,
  // a restored one): OK.
  absl::Status check() const;

 private:
  const std::string directory_;
  absl::Mutex updating_;  // one at a time, or an older size could be written over a newer one
};

}  // namespace riffle::state
