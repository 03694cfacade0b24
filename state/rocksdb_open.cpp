#include <rocksdb/convenience.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/log.h"
#include "state/files.h"
#include "state/manifest_mark.h"
#include "state/rocksdb_options.h"
#include "state/rocksdb_status.h"
#include "state/store_errors.h"

namespace riffle::state {
namespace {

constexpr auto kFirstWait = std::chrono::milliseconds(5);
constexpr auto kLongestWait = std::chrono::milliseconds(100);

bool has_current(const std::string& directory) { return exists(directory + "/CURRENT"); }

// Files with rows in them: tables, and WALs that are not empty.
absl::StatusOr<bool> has_rows(const std::string& directory) {
  RIFFLE_ASSIGN_OR_RETURN(const auto names, list_directory(directory));
  for (const std::string& name : names) {
    if (absl::EndsWith(name, ".sst")) return true;
    if (!absl::EndsWith(name, ".log")) continue;
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t size,
                            file_size(absl::StrCat(directory, "/", name)));
    if (size > 0) return true;
  }
  return false;
}

// Whether there is a store to open, or a place for a new one.
absl::Status prepare_directory(const RocksDbOptions& options) {
  const std::string& directory = options.directory;
  if (options.create && !options.read_only)
    RIFFLE_RETURN_IF_ERROR(make_writable_directory(directory));
  if (has_current(directory)) {
    if (!options.read_only) RIFFLE_RETURN_IF_ERROR(make_writable_directory(directory));
    return ManifestMark(directory).check();
  }
  if (!exists(directory) || options.read_only || !options.create)
    return fatal_error(absl::StatusCode::kNotFound,
                       absl::StrCat("there is no store in ", directory));
  RIFFLE_ASSIGN_OR_RETURN(const bool rows, has_rows(directory));
  if (rows)
    return corruption_error(directory,
                            "there are tables or a WAL, but no file CURRENT that tells which");
  return absl::OkStatus();
}

struct Attempt {
  rocksdb::Status status;
  OpenDb open;
};

Attempt try_open(const RocksDbOptions& options, bool create_columns) {
  Attempt attempt;
  if (!options.read_only) attempt.open.mark = std::make_shared<ManifestMark>(options.directory);
  rocksdb::DBOptions db = db_options(options, attempt.open.mark);
  db.create_if_missing = create_columns;
  db.create_missing_column_families = create_columns;
  rocksdb::DB* raw = nullptr;
  const auto families = column_families(options);
  attempt.status = options.read_only ? rocksdb::DB::OpenForReadOnly(db, options.directory, families,
                                                                    &attempt.open.handles, &raw)
                                     : rocksdb::DB::Open(db, options.directory, families,
                                                         &attempt.open.handles, &raw);
  attempt.open.db.reset(raw);
  return attempt;
}

// Tries until the lock is free or the time is over.
Attempt open_when_free(const RocksDbOptions& options, bool create_columns) {
  const auto end = std::chrono::steady_clock::now() + options.wait_for_lock;
  std::chrono::steady_clock::duration wait = kFirstWait;
  while (true) {
    Attempt attempt = try_open(options, create_columns);
    const auto left = end - std::chrono::steady_clock::now();
    if (!is_locked(attempt.status) || left <= left.zero()) return attempt;
    std::this_thread::sleep_for(std::min(wait, left));
    wait = std::min<std::chrono::steady_clock::duration>(wait * 2, kLongestWait);
  }
}

struct ColumnDifference {
  std::vector<std::string> missing;
  std::vector<std::string> unknown;
};

absl::StatusOr<ColumnDifference> compare_columns(const RocksDbOptions& options) {
  std::vector<std::string> listed;
  const auto status =
      rocksdb::DB::ListColumnFamilies(db_options(options, nullptr), options.directory, &listed);
  RIFFLE_RETURN_IF_ERROR(from_rocksdb(status, "list the columns", options.directory));
  std::set<std::string> present(listed.begin(), listed.end());
  present.erase(rocksdb::kDefaultColumnFamilyName);
  ColumnDifference difference;
  for (std::size_t i = 0; i < kColumns; ++i) {
    std::string name(name_of(static_cast<Column>(i)));
    if (present.erase(name) == 0) difference.missing.push_back(std::move(name));
  }
  difference.unknown.assign(present.begin(), present.end());
  return difference;
}

absl::Status explain(const RocksDbOptions& options, const rocksdb::Status& status) {
  if (is_locked(status))
    return in_use_error(options.directory, lock_holder(status, options.directory));
  return from_rocksdb(status, "open", options.directory);
}

}  // namespace

OpenDb::~OpenDb() {
  if (!db) return;
  if (mark) {
    // A job that ends during the closing tells no listener; and once the LOCK is gone the MANIFEST
    // may be another owner's.
    rocksdb::CancelAllBackgroundWork(db.get(), true);
    if (const absl::Status status = mark->update(); !status.ok())
      log::warn("cannot mark a MANIFEST: {}", std::string(status.message()));
  }
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
}

absl::StatusOr<OpenDb> open_db(const RocksDbOptions& options) {
  RIFFLE_RETURN_IF_ERROR(prepare_directory(options));
  Attempt attempt = open_when_free(options, !has_current(options.directory));
  if (attempt.status.IsInvalidArgument()) {
    RIFFLE_ASSIGN_OR_RETURN(const ColumnDifference difference, compare_columns(options));
    RIFFLE_ASSIGN_OR_RETURN(const bool rows, has_rows(options.directory));
    if (!difference.unknown.empty())
      return format_error(options.directory, absl::StrCat("it has the unknown columns ",
                                                          absl::StrJoin(difference.unknown, ", "),
                                                          ", so a newer Riffle made it"));
    if (!difference.missing.empty() && (rows || options.read_only))
      return format_error(options.directory, absl::StrCat("it has no columns ",
                                                          absl::StrJoin(difference.missing, ", ")));
    // Without a single row it is a store whose making was cut off.
    if (!difference.missing.empty()) attempt = open_when_free(options, true);
  }
  if (!attempt.status.ok()) return explain(options, attempt.status);
  if (attempt.open.mark) RIFFLE_RETURN_IF_ERROR(attempt.open.mark->update());
  return std::move(attempt.open);
}

}  // namespace riffle::state
