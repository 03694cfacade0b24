#include "state/rocksdb_store.h"

#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cerrno>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "base/log.h"
#include "state/files.h"
#include "state/packed_value.h"
#include "state/rocksdb_options.h"
#include "state/rocksdb_status.h"
#include "state/store_errors.h"

namespace riffle::state {
namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// The first key after every key that starts with `prefix`; empty where there is none.
std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

class RocksDbStore final : public Store {
 public:
  RocksDbStore(std::string directory, bool read_only, OpenDb open)
      : directory_(std::move(directory)), read_only_(read_only), open_(std::move(open)) {}

  ~RocksDbStore() override {
    if (read_only_) return;
    if (const absl::Status status = sync(); !status.ok())
      log::warn("closing {}: {}", directory_, std::string(status.message()));
  }

  absl::StatusOr<std::optional<std::string>> get(Column column,
                                                 std::string_view key) const override {
    std::string value;
    const auto status = db().Get(rocksdb::ReadOptions(), open_.column(column), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    RIFFLE_RETURN_IF_ERROR(from_rocksdb(status, "get", directory_));
    if (is_packed(column)) RIFFLE_RETURN_IF_ERROR(unpacked(std::string(value), value));
    return std::optional<std::string>(std::move(value));
  }

  absl::StatusOr<std::vector<std::optional<std::string>>> multi_get(
      Column column, const std::vector<std::string_view>& keys) const override {
    std::vector<rocksdb::Slice> slices;
    slices.reserve(keys.size());
    for (const std::string_view key : keys) slices.push_back(slice(key));
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db().MultiGet(rocksdb::ReadOptions(), open_.column(column), keys.size(), slices.data(),
                  values.data(), statuses.data());
    std::vector<std::optional<std::string>> answers(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      RIFFLE_RETURN_IF_ERROR(from_rocksdb(statuses[i], "multi_get", directory_));
      const std::string_view value = values[i].ToStringView();
      answers[i].emplace(is_packed(column) ? std::string_view() : value);
      if (is_packed(column)) RIFFLE_RETURN_IF_ERROR(unpacked(value, *answers[i]));
    }
    return answers;
  }

  absl::Status write(const WriteBatch& batch, bool sync) override {
    RIFFLE_RETURN_IF_ERROR(ready_to_write());
    if (batch.empty()) return sync ? this->sync() : absl::OkStatus();
    constexpr std::size_t kFraming = 16;  // an operation's tag, column and lengths
    constexpr std::size_t kProtection = 8;
    rocksdb::WriteBatch writes(batch.bytes() + kFraming * batch.operations().size(), 0, kProtection,
                               0);
    std::string packed;
    for (const WriteBatch::Operation& operation : batch.operations()) {
      const Column column = operation.column;
      const std::string& key = operation.key;
      const auto value = operation.bytes();
      if (value && is_packed(column)) pack(*value, operation.plain, packed);
      const auto status = value ? writes.Put(open_.column(column), slice(key),
                                             slice(is_packed(column) ? packed : *value))
                                : writes.Delete(open_.column(column), slice(key));
      RIFFLE_RETURN_IF_ERROR(from_rocksdb(status, "write", directory_));
    }
    rocksdb::WriteOptions options;  // not syncing: what other threads write would wait behind it for the disk
    options.memtable_insert_hint_per_batch = true;
    {
      absl::ReaderMutexLock writing(&landing_);
      RIFFLE_RETURN_IF_ERROR(wrote(db().Write(options, &writes), "write"));
    }
    return sync ? this->sync() : absl::OkStatus();
  }

  absl::Status sync() override {
    RIFFLE_RETURN_IF_ERROR(ready_to_write());
    return wrote(db().FlushWAL(true), "sync the WAL");
  }

  absl::Status scan(Column column, std::string_view prefix, std::string_view from,
                    const Visit& visit) const override {
    const std::string end = end_of_prefix(prefix);
    const rocksdb::Slice bound(end);
    rocksdb::ReadOptions options;
    if (!end.empty()) options.iterate_upper_bound = &bound;
    std::unique_ptr<rocksdb::Iterator> it;
    {
      absl::WriterMutexLock none_is_half_way(&landing_);
      it.reset(db().NewIterator(options, open_.column(column)));
    }
    std::string value;
    for (it->Seek(slice(std::max(prefix, from))); it->Valid(); it->Next()) {
      if (is_packed(column)) RIFFLE_RETURN_IF_ERROR(unpacked(it->value().ToStringView(), value));
      if (!visit(it->key().ToStringView(), is_packed(column) ? value : it->value().ToStringView()))
        break;
    }
    return from_rocksdb(it->status(), "scan", directory_);
  }

  absl::Status checkpoint(const std::string& directory) override {
    RIFFLE_RETURN_IF_ERROR(ready_to_write());
    if (exists(directory)) return file_error("checkpoint", directory, EEXIST);
    RIFFLE_RETURN_IF_ERROR(make_writable_directory(parent_of(directory)));
    // RocksDB 7.8 may leave a hard-linked WAL unsynced: so the WAL is synced first, the memtables
    // are flushed (0 below), and every file is synced after.
    RIFFLE_RETURN_IF_ERROR(sync());
    rocksdb::Checkpoint* raw = nullptr;
    RIFFLE_RETURN_IF_ERROR(
        from_rocksdb(rocksdb::Checkpoint::Create(&db(), &raw), "checkpoint", directory_));
    const std::unique_ptr<rocksdb::Checkpoint> maker(raw);
    RIFFLE_RETURN_IF_ERROR(
        from_rocksdb(maker->CreateCheckpoint(directory, 0), "checkpoint", directory));
    RIFFLE_ASSIGN_OR_RETURN(const auto names, list_directory(directory));
    for (const std::string& name : names) RIFFLE_RETURN_IF_ERROR(sync_file(directory + "/" + name));
    RIFFLE_RETURN_IF_ERROR(sync_directory(directory));
    return sync_directory(parent_of(directory));
  }

  std::uint64_t bytes() const override {
    std::uint64_t tables = 0;
    std::uint64_t unflushed = 0;  // about what the WAL holds
    db().GetAggregatedIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &tables);
    db().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &unflushed);
    return tables + unflushed;
  }

 private:
  rocksdb::DB& db() const { return *open_.db; }

  absl::Status unpacked(std::string_view packed, std::string& value) const {
    const absl::Status status = unpack(packed, value);
    return status.ok() ? status : corruption_error(directory_, std::string(status.message()));
  }

  // After a failed write RocksDB refuses all others until it is told that the cause is gone. While
  // it looks for room itself it calls itself busy: then the first cause is still the answer.
  absl::Status ready_to_write() {
    if (read_only_)
      return fatal_error(absl::StatusCode::kFailedPrecondition,
                         "the store in " + directory_ + " is open for reading only");
    absl::MutexLock lock(&failure_mutex_);
    if (failure_.ok()) return absl::OkStatus();
    const rocksdb::Status resumed = db().Resume();
    if (resumed.IsBusy()) return failure_;
    return failure_ = from_rocksdb(resumed, "resume after a failed write", directory_);
  }

  absl::Status wrote(const rocksdb::Status& status, std::string_view what) {
    if (status.ok()) return absl::OkStatus();
    absl::MutexLock lock(&failure_mutex_);
    return failure_ = from_rocksdb(status, what, directory_);
  }

  const std::string directory_;
  const bool read_only_;
  OpenDb open_;
  // Writes land in the memtables each by itself (rocksdb_options.cpp): a scan begins when none is half there.
  mutable absl::Mutex landing_;
  absl::Mutex failure_mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(failure_mutex_);  // OK: writes may go on
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> open_rocksdb_store(const RocksDbOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(OpenDb open, open_db(options));
  return std::make_unique<RocksDbStore>(options.directory, options.read_only, std::move(open));
}

}  // namespace riffle::state
