#include "state/checkpoint.h"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "base/hash.h"
#include "state/files.h"
#include "state/store_errors.h"

namespace riffle::state {
namespace {

constexpr char kListName[] = "CHECKPOINT";
constexpr std::string_view kFirstLine = "riffle checkpoint 1";

struct ListedFile {
  std::uint64_t size = 0;
  std::uint64_t hash = 0;
};
using FileList = std::map<std::string, ListedFile>;

std::string in(const std::string& directory, const std::string& name) {
  return absl::StrCat(directory, "/", name);
}

absl::Status not_a_checkpoint(const std::string& directory, std::string_view cause) {
  return fatal_error(absl::StatusCode::kDataLoss,
                     absl::StrCat(directory, " is not a whole checkpoint: ", std::string(cause),
                                  "; use another one"));
}

// One line a file: size, hash, name (which may hold spaces); the last line is the hash of those
// above it.
std::string to_text(const FileList& files) {
  std::string text = absl::StrCat(std::string(kFirstLine), "\n");
  for (const auto& [name, file] : files)
    absl::StrAppend(&text, file.size, " ", absl::Hex(file.hash, absl::kZeroPad16), " ", name, "\n");
  return absl::StrCat(text, absl::Hex(stable_hash(text), absl::kZeroPad16), "\n");
}

absl::StatusOr<FileList> read_list(const std::string& directory) {
  if (!exists(directory))
    return fatal_error(absl::StatusCode::kNotFound,
                       absl::StrCat("there is no checkpoint ", directory));
  const auto text = read_file(in(directory, kListName));
  if (absl::IsNotFound(text.status()))
    return not_a_checkpoint(directory, "it has no list of its files, so its making was cut off");
  RIFFLE_RETURN_IF_ERROR(text.status());

  FileList files;
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(' ', 2));
    ListedFile file;
    if (parts.size() == 3 && absl::SimpleAtoi(parts[0], &file.size) &&
        absl::SimpleHexAtoi(parts[1], &file.hash))
      files.emplace(parts[2], file);
  }
  // Whatever was read wrongly does not give the same text again.
  if (to_text(files) != *text)
    return not_a_checkpoint(directory, "the list of its files is incomplete or changed");
  return files;
}

// That the directory has the listed files in their sizes, and no others.
absl::StatusOr<FileList> read_and_compare_list(const std::string& directory) {
  RIFFLE_ASSIGN_OR_RETURN(FileList files, read_list(directory));
  RIFFLE_ASSIGN_OR_RETURN(const auto names, list_directory(directory));
  for (const std::string& name : names)
    if (name != kListName && !files.contains(name))
      return not_a_checkpoint(directory, absl::StrCat(name, " is not listed"));
  for (const auto& [name, file] : files) {
    if (!exists(in(directory, name)))
      return not_a_checkpoint(directory, absl::StrCat(name, " is missing"));
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t size, file_size(in(directory, name)));
    if (size != file.size)
      return not_a_checkpoint(directory,
                              absl::StrCat(name, " has ", size, " bytes of ", file.size));
  }
  return files;
}

absl::Status check_hash(const std::string& directory, const std::string& name,
                        const ListedFile& file, std::uint64_t found) {
  if (found == file.hash) return absl::OkStatus();
  return not_a_checkpoint(directory, absl::StrCat("the bytes of ", name, " have changed"));
}

}  // namespace

absl::Status checkpoint(Store& store, const std::string& directory) {
  if (exists(directory)) return file_error("checkpoint", directory, EEXIST);
  const std::string partial = directory + ".partial";
  RIFFLE_RETURN_IF_ERROR(remove_tree(partial));
  RIFFLE_RETURN_IF_ERROR(store.checkpoint(partial));
  FileList files;
  RIFFLE_ASSIGN_OR_RETURN(const auto names, list_directory(partial));
  for (const std::string& name : names) {
    ListedFile& file = files[name];
    RIFFLE_ASSIGN_OR_RETURN(file.size, file_size(in(partial, name)));
    RIFFLE_ASSIGN_OR_RETURN(file.hash, hash_file(in(partial, name)));
  }
  RIFFLE_RETURN_IF_ERROR(write_atomically(in(partial, kListName), to_text(files)));
  return publish(partial, directory);
}

absl::Status verify_checkpoint(const std::string& directory) {
  RIFFLE_ASSIGN_OR_RETURN(const FileList files, read_and_compare_list(directory));
  for (const auto& [name, file] : files) {
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t hash, hash_file(in(directory, name)));
    RIFFLE_RETURN_IF_ERROR(check_hash(directory, name, file, hash));
  }
  return absl::OkStatus();
}

absl::Status restore_checkpoint(const std::string& from, const std::string& to) {
  RIFFLE_ASSIGN_OR_RETURN(const FileList files, read_and_compare_list(from));
  if (exists(to)) return file_error("restore", to, EEXIST);
  const std::string partial = to + ".partial";
  RIFFLE_RETURN_IF_ERROR(remove_tree(partial));
  RIFFLE_RETURN_IF_ERROR(make_writable_directory(partial));
  for (const auto& [name, file] : files) {
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t hash, copy_file(in(from, name), in(partial, name)));
    RIFFLE_RETURN_IF_ERROR(check_hash(from, name, file, hash));
  }
  RIFFLE_RETURN_IF_ERROR(sync_directory(partial));
  return publish(partial, to);
}

}  // namespace riffle::state
