// The few file operations that checkpoints, locks and marks need. Errors as in
// state/store_errors.h, naming the path and the call. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace riffle::state {

bool exists(const std::string& path);
absl::Status make_directories(const std::string& path);
// The directory is there (made, where it was not) and this process may make files in it.
absl::Status make_writable_directory(const std::string& path);
absl::StatusOr<std::vector<std::string>> list_directory(const std::string& path);  // names, sorted
absl::StatusOr<std::uint64_t> file_size(const std::string& path);
absl::StatusOr<std::string> read_file(const std::string& path);  // NotFound where there is none
absl::Status remove_tree(const std::string& path);               // OK where there is none
std::string parent_of(const std::string& path);

// The bytes (a file's) or the names (a directory's) survive a power cut once these return.
absl::Status sync_file(const std::string& path);
absl::Status sync_directory(const std::string& path);

// After a crash at any moment the file has the old or the new bytes.
absl::Status write_atomically(const std::string& path, std::string_view bytes);
// Renames within a file system and makes the new name durable. FailedPrecondition where `to`
// exists.
absl::Status publish(const std::string& from, const std::string& to);

// The stable hash of a file's bytes, chunk by chunk (what a checkpoint's list holds).
absl::StatusOr<std::uint64_t> hash_file(const std::string& path);
// Copies, syncs the copy, and answers the hash of the bytes copied. `to` must not exist.
absl::StatusOr<std::uint64_t> copy_file(const std::string& from, const std::string& to);

}  // namespace riffle::state
