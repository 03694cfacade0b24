// Where a shard's (or a worker's) rows lie: columns of sorted keys, written by atomic batches. Two
// stores keep this contract: state/rocksdb_store.h and state/memory_store.h; tests/contract/state
// runs one suite on both.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace riffle::state {

// Column families. The names are part of the format: add at the end, never rename.
enum class Column : std::uint8_t {
  kMeta,       // header, shard meta
  kOffsets,    // input → InputPosition
  kUsers,      // event-made: user_id → UserRow
  kItems,      // event-made: item key, big-endian → ItemRow
  kProfiles,   // user_id → Profile
  kDecisions,  // recommendation_id → Decision (on disk packed: state/packed_value.h)
  kJoins,      // recommendation_id → Join
  kRequests,   // user_id \0 request_id → recommendation_id, while the decision is open
  kUserLists,  // user_id → the user's open decisions, newest last (UserLists of features/)
  kWaiting,    // recommendation_id \0 number → WaitingReward
  kJournal,    // number, big-endian → JournalEntry
  kCatalogue,  // worker's store: item key → the item's JSON
  kStats,      // worker's store: shard, item key → ItemStats
};
constexpr std::size_t kColumns = 13;
std::string_view name_of(Column column);

// Writes gathered to be applied in one piece, in order: a later put or erase of a key wins.
class WriteBatch {
 public:
  struct Operation {
    Column column;
    std::string key;
    std::optional<std::string> value;  // none: borrowed, or erase
    std::optional<std::string_view> borrowed = {};
    std::size_t plain = 0;  // first bytes of the value that are not worth packing (state/packed_value.h)

    // None: erase.
    std::optional<std::string_view> bytes() const { return value ? std::string_view(*value) : borrowed; }
  };
  void put(Column column, std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    operations_.push_back({column, std::move(key), std::move(value)});
  }
  // Of a value that outlives the batch; its first `plain` bytes say nothing twice.
  void put_borrowed(Column column, std::string key, std::string_view value, std::size_t plain = 0) {
    bytes_ += key.size() + value.size();
    operations_.push_back({column, std::move(key), std::nullopt, value, plain});
  }
  void erase(Column column, std::string key) {
    bytes_ += key.size();
    operations_.push_back({column, std::move(key), std::nullopt});
  }
  const std::vector<Operation>& operations() const { return operations_; }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return operations_.empty(); }
  void clear() { operations_.clear(), bytes_ = 0; }
  void reserve(std::size_t more) {  // room for so many more operations
    const std::size_t wanted = operations_.size() + more;
    if (wanted > operations_.capacity())
      operations_.reserve(std::max(wanted, 2 * operations_.capacity()));
  }

 private:
  std::vector<Operation> operations_;
  std::size_t bytes_ = 0;
};

// Thread-safe. Errors: retriable (disk full, busy) or fatal (corruption, with the path and what to
// do).
class Store {
 public:
  virtual ~Store() = default;

  virtual absl::StatusOr<std::optional<std::string>> get(Column column,
                                                         std::string_view key) const = 0;
  // One answer a key, in their order.
  virtual absl::StatusOr<std::vector<std::optional<std::string>>> multi_get(
      Column column, const std::vector<std::string_view>& keys) const = 0;

  // All or nothing, across columns. `sync`: on disk when it returns, with everything written
  // before.
  virtual absl::Status write(const WriteBatch& batch, bool sync) = 0;
  // Everything written so far survives a power cut once this returns.
  virtual absl::Status sync() = 0;

  // Keys that start with `prefix`, from `from` on, ascending, on one consistent snapshot; stops
  // when `visit` answers false.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual absl::Status scan(Column column, std::string_view prefix, std::string_view from,
                            const Visit& visit) const = 0;

  // A copy that opens by itself, in a directory that must not exist yet.
  virtual absl::Status checkpoint(const std::string& directory) = 0;
  virtual std::uint64_t bytes() const = 0;  // approximate size on disk
};

// 8 bytes, big-endian, so that keys sort as numbers.
std::string number_key(std::uint64_t number);
std::uint64_t number_of(std::string_view key);

}  // namespace riffle::state
