// RocksDB's MANIFEST says which files hold the rows. It only grows, but one that was cut short at a
// record's end looks whole to RocksDB, which then deletes the files it no longer knows: rows would
// silently be old ones. So beside it lies MARK, how long the MANIFEST was known to be, written
// after every flush and compaction; a shorter one is refused.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace riffle::state {

// After RocksDB changed the MANIFEST: makes it durable, then writes down its name and size. Any
// thread, one at a time.
absl::Status mark_manifest(const std::string& directory);

// Corruption where the MANIFEST in force is older or shorter than the mark. No mark (a new store, a
// restored one): OK.
absl::Status check_manifest(const std::string& directory);

}  // namespace riffle::state
