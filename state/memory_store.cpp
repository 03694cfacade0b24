#include "state/memory_store.h"

#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "base/hash.h"
#include "state/files.h"
#include "state/store_errors.h"

namespace riffle::state {

using Rows = std::map<std::string, std::string, std::less<>>;
using Columns = std::array<Rows, kColumns>;

struct MemoryDisk {
  mutable absl::Mutex mutex;
  Columns columns ABSL_GUARDED_BY(mutex);
  std::uint64_t bytes ABSL_GUARDED_BY(mutex) = 0;
  // How to take back each unsynced batch: what its keys had before, last operation first.
  std::deque<std::vector<WriteBatch::Operation>> undo ABSL_GUARDED_BY(mutex);
  absl::Status write_fault ABSL_GUARDED_BY(mutex);
  absl::Status sync_fault ABSL_GUARDED_BY(mutex);
  absl::Status read_fault ABSL_GUARDED_BY(mutex);

  Rows& rows(Column column) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return columns[static_cast<std::size_t>(column)];
  }

  // Puts or erases, and answers the operation that takes it back.
  WriteBatch::Operation apply(const WriteBatch::Operation& operation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Rows& target = rows(operation.column);
    WriteBatch::Operation back{operation.column, operation.key, std::nullopt};
    const auto it = target.find(operation.key);
    if (it != target.end()) {
      bytes -= it->first.size() + it->second.size();
      back.value = std::move(it->second);
    }
    if (const auto value = operation.bytes()) {
      bytes += operation.key.size() + value->size();
      target.insert_or_assign(operation.key, std::string(*value));
    } else if (it != target.end()) {
      target.erase(it);
    }
    return back;
  }
};

namespace {

constexpr char kFileName[] = "rows";
constexpr std::string_view kMagic = "riffle memory store 1\n";

absl::Status taken(absl::Status& fault) { return std::exchange(fault, absl::OkStatus()); }

void append_bytes(std::string& out, std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  char raw[sizeof size];
  std::memcpy(raw, &size, sizeof size);
  out.append(raw, sizeof raw);
  out.append(bytes);
}

bool take_bytes(std::string_view& in, std::string& bytes) {
  std::uint64_t size = 0;
  if (in.size() < sizeof size) return false;
  std::memcpy(&size, in.data(), sizeof size);
  in.remove_prefix(sizeof size);
  if (in.size() < size) return false;
  bytes.assign(in.substr(0, size));
  in.remove_prefix(size);
  return true;
}

}  // namespace

MemoryStore::MemoryStore() : disk_(std::make_shared<MemoryDisk>()) {}

absl::StatusOr<std::optional<std::string>> MemoryStore::get(Column column,
                                                            std::string_view key) const {
  absl::MutexLock lock(&disk_->mutex);
  RIFFLE_RETURN_IF_ERROR(taken(disk_->read_fault));
  const Rows& rows = disk_->rows(column);
  const auto it = rows.find(key);
  if (it == rows.end()) return std::optional<std::string>();
  return std::optional<std::string>(it->second);
}

absl::StatusOr<std::vector<std::optional<std::string>>> MemoryStore::multi_get(
    Column column, const std::vector<std::string_view>& keys) const {
  absl::MutexLock lock(&disk_->mutex);
  RIFFLE_RETURN_IF_ERROR(taken(disk_->read_fault));
  const Rows& rows = disk_->rows(column);
  std::vector<std::optional<std::string>> answers(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (const auto it = rows.find(keys[i]); it != rows.end()) answers[i] = it->second;
  return answers;
}

absl::Status MemoryStore::write(const WriteBatch& batch, bool sync) {
  absl::MutexLock lock(&disk_->mutex);
  RIFFLE_RETURN_IF_ERROR(taken(disk_->write_fault));
  if (!batch.empty()) {
    std::vector<WriteBatch::Operation> undo;
    undo.reserve(batch.operations().size());
    for (const auto& operation : batch.operations()) undo.push_back(disk_->apply(operation));
    disk_->undo.push_back(std::move(undo));
  }
  if (!sync) return absl::OkStatus();
  RIFFLE_RETURN_IF_ERROR(taken(disk_->sync_fault));
  disk_->undo.clear();
  return absl::OkStatus();
}

absl::Status MemoryStore::sync() {
  absl::MutexLock lock(&disk_->mutex);
  RIFFLE_RETURN_IF_ERROR(taken(disk_->sync_fault));
  disk_->undo.clear();
  return absl::OkStatus();
}

absl::Status MemoryStore::scan(Column column, std::string_view prefix, std::string_view from,
                               const Visit& visit) const {
  // The snapshot is a copy: `visit` may write to the store.
  std::vector<std::pair<std::string, std::string>> snapshot;
  {
    absl::MutexLock lock(&disk_->mutex);
    RIFFLE_RETURN_IF_ERROR(taken(disk_->read_fault));
    const Rows& rows = disk_->rows(column);
    for (auto it = rows.lower_bound(std::max(prefix, from));
         it != rows.end() && it->first.starts_with(prefix); ++it)
      snapshot.emplace_back(*it);
  }
  for (const auto& [key, value] : snapshot)
    if (!visit(key, value)) break;
  return absl::OkStatus();
}

absl::Status MemoryStore::checkpoint(const std::string& directory) {
  if (exists(directory)) return file_error("checkpoint", directory, EEXIST);
  std::string bytes(kMagic);
  {
    absl::MutexLock lock(&disk_->mutex);
    for (std::size_t i = 0; i < kColumns; ++i) {
      for (const auto& [key, value] : disk_->columns[i]) {
        bytes.push_back(static_cast<char>(i));
        append_bytes(bytes, key);
        append_bytes(bytes, value);
      }
    }
  }
  append_bytes(bytes, number_key(stable_hash(bytes)));
  const std::string partial = directory + ".tmp";
  RIFFLE_RETURN_IF_ERROR(remove_tree(partial));
  RIFFLE_RETURN_IF_ERROR(make_writable_directory(partial));
  RIFFLE_RETURN_IF_ERROR(write_atomically(absl::StrCat(partial, "/", kFileName), bytes));
  return publish(partial, directory);
}

std::uint64_t MemoryStore::bytes() const {
  absl::MutexLock lock(&disk_->mutex);
  return disk_->bytes;
}

void MemoryStore::lose_unsynced(std::size_t keep) {
  absl::MutexLock lock(&disk_->mutex);
  while (disk_->undo.size() > keep) {
    auto& undo = disk_->undo.back();
    for (auto operation = undo.rbegin(); operation != undo.rend(); ++operation)
      disk_->apply(*operation);
    disk_->undo.pop_back();
  }
  disk_->undo.clear();  // what a power cut left is on the disk
}

std::size_t MemoryStore::unsynced() const {
  absl::MutexLock lock(&disk_->mutex);
  return disk_->undo.size();
}

void MemoryStore::fail_next_write(absl::Status status) {
  absl::MutexLock lock(&disk_->mutex);
  disk_->write_fault = std::move(status);
}

void MemoryStore::fail_next_sync(absl::Status status) {
  absl::MutexLock lock(&disk_->mutex);
  disk_->sync_fault = std::move(status);
}

void MemoryStore::fail_next_read(absl::Status status) {
  absl::MutexLock lock(&disk_->mutex);
  disk_->read_fault = std::move(status);
}

absl::StatusOr<std::unique_ptr<MemoryStore>> open_memory_store(const std::string& directory) {
  RIFFLE_ASSIGN_OR_RETURN(const std::string bytes,
                          read_file(absl::StrCat(directory, "/", kFileName)));
  constexpr std::size_t kTail = 16;  // the hash, with its length
  std::string hash;
  std::string_view tail =
      std::string_view(bytes).substr(bytes.size() < kTail ? 0 : bytes.size() - kTail);
  std::string_view rows = std::string_view(bytes).substr(0, bytes.size() - tail.size());
  if (!rows.starts_with(kMagic) || !take_bytes(tail, hash) || hash != number_key(stable_hash(rows)))
    return corruption_error(directory, "its file `rows` is incomplete or changed");
  rows.remove_prefix(kMagic.size());
  WriteBatch batch;
  while (!rows.empty()) {
    const auto column = static_cast<unsigned char>(rows.front());
    rows.remove_prefix(1);
    std::string key, value;
    if (column >= kColumns || !take_bytes(rows, key) || !take_bytes(rows, value))
      return corruption_error(directory, "its file `rows` holds a row that cannot be read");
    batch.put(static_cast<Column>(column), std::move(key), std::move(value));
  }
  auto store = std::make_unique<MemoryStore>();
  RIFFLE_RETURN_IF_ERROR(store->write(batch, true));
  return store;
}

}  // namespace riffle::state
