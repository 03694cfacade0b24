// Checkpoints: copies of a store in directories of their own, with a list of their files (name,
// size, hash) that is written last. A directory without the list, or one that does not fit it, is
// not a checkpoint and is refused, whatever cut it off. Everything is synced before a name is
// published, so a directory that has its name is whole.
//
//   checkpoint(*store, "/backup/shard-00003-monday");
//   restore_checkpoint("/backup/shard-00003-monday", "/state/shard-00003");  // no worker owns it
//
// The files of a RocksDB checkpoint are hard links where the file system allows: on the same disk
// it costs no space at first, but protects from mistakes, not from the disk's death.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "state/store.h"

namespace riffle::state {

// `directory` must not exist. The store goes on meanwhile; the copy is of one moment during the
// call. Reads every file once, for its hash. Errors: state/store_errors.h; what was left half made
// is removed at the next try.
absl::Status checkpoint(Store& store, const std::string& directory);

// OK, or kDataLoss that says which file is missing, changed or not listed; NotFound where there is
// no such directory.
absl::Status verify_checkpoint(const std::string& directory);

// Copies, verifying on the way. `to` must not exist, and has its name only once it is whole; the
// checkpoint stays as it is.
absl::Status restore_checkpoint(const std::string& from, const std::string& to);

}  // namespace riffle::state
