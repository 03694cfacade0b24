// RocksDB's statuses in our words (state/store_errors.h).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace rocksdb {
class Status;
}

namespace riffle::state {

// `what` was done to the store in `directory`.
absl::Status from_rocksdb(const rocksdb::Status& status, std::string_view what,
                          const std::string& directory);

// Opening failed because another owner holds the store's LOCK.
bool is_locked(const rocksdb::Status& status);

// "process 4711", "another process", or "this process": who holds it, after is_locked().
std::string lock_holder(const rocksdb::Status& status, const std::string& directory);

}  // namespace riffle::state
