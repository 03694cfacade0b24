// RocksDB's own messages in our log: errors as such, warnings at level debug. Not in RocksDB's LOG
// file: Debian's build asserts, and aborts the process, when LOG is written to again after the disk
// was full.
#pragma once

#include <memory>
#include <string>

namespace rocksdb {
class Logger;
}

namespace riffle::state {

// `directory` names the store in every line.
std::shared_ptr<rocksdb::Logger> rocksdb_log(std::string directory);

}  // namespace riffle::state
