// The store's contract in RAM, for tests and for what needs no disk. Its disk outlives it: reopen()
// answers another store over the same rows, as a restarted process would find them.
//
// It is stricter than the disk where tests want it: a power cut loses what was not synced, but a
// prefix, as a torn WAL does; and the next write, sync or read can be made to fail.
//
//   MemoryStore store;
//   store.write(a, true); store.write(b, false); store.write(c, false);
//   store.lose_unsynced(1);                    // a and b are there, c is not
//   auto restarted = store.reopen();
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "state/store.h"

namespace riffle::state {

struct MemoryDisk;

class MemoryStore final : public Store {
 public:
  MemoryStore();
  explicit MemoryStore(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}

  absl::StatusOr<std::optional<std::string>> get(Column column,
                                                 std::string_view key) const override;
  absl::StatusOr<std::vector<std::optional<std::string>>> multi_get(
      Column column, const std::vector<std::string_view>& keys) const override;
  absl::Status write(const WriteBatch& batch, bool sync) override;
  absl::Status sync() override;
  absl::Status scan(Column column, std::string_view prefix, std::string_view from,
                    const Visit& visit) const override;
  // One file, which open_memory_store reads.
  absl::Status checkpoint(const std::string& directory) override;
  std::uint64_t bytes() const override;

  std::unique_ptr<MemoryStore> reopen() const { return std::make_unique<MemoryStore>(disk_); }

  // A power cut: of the batches that were not synced the first `keep` survive, the others are gone.
  void lose_unsynced(std::size_t keep);
  std::size_t unsynced() const;  // batches

  // The next call of that kind answers `status` and does nothing else.
  void fail_next_write(absl::Status status);
  // sync(), and a write with `sync`: its batch is applied, but not synced
  void fail_next_sync(absl::Status status);
  void fail_next_read(absl::Status status);  // get, multi_get, scan

 private:
  std::shared_ptr<MemoryDisk> disk_;
};

// A memory store with a checkpoint's rows. Errors: NotFound; corruption.
absl::StatusOr<std::unique_ptr<MemoryStore>> open_memory_store(const std::string& directory);

}  // namespace riffle::state
