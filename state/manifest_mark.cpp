#include "state/manifest_mark.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "state/files.h"
#include "state/store_errors.h"

namespace riffle::state {
namespace {

constexpr std::string_view kPrefix = "MANIFEST-";

std::string mark_path(const std::string& directory) { return directory + "/MARK"; }
std::string manifest_path(const std::string& directory, std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
  return directory + "/" + std::string(kPrefix) + digits;
}

bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// The number of the MANIFEST that CURRENT names.
absl::StatusOr<std::uint64_t> current_manifest(const std::string& directory) {
  RIFFLE_ASSIGN_OR_RETURN(const std::string text, read_file(directory + "/CURRENT"));
  std::string_view rest = text;
  std::uint64_t number = 0;
  if (!rest.starts_with(kPrefix))
    return corruption_error(directory, "its file CURRENT names no MANIFEST");
  rest.remove_prefix(kPrefix.size());
  if (!take_number(rest, number) || rest != "\n")
    return corruption_error(directory, "its file CURRENT names no MANIFEST");
  return number;
}

}  // namespace

absl::Status ManifestMark::update() {
  absl::MutexLock lock(&updating_);
  RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t number, current_manifest(directory_));
  const std::string path = manifest_path(directory_, number);
  // Read first, then the sync: another thread may be appending, and only what is surely on the disk
  // may be marked.
  RIFFLE_ASSIGN_OR_RETURN(const std::string bytes, read_file(path));
  RIFFLE_RETURN_IF_ERROR(sync_file(path));
  return write_atomically(mark_path(directory_),
                          absl::StrCat(number, " ", bytes.size(), " ", stable_hash(bytes), "\n"));
}

absl::Status ManifestMark::check() const {
  // The mark first: another process may own the store, and its MANIFEST moves on while we look.
  const auto mark = read_file(mark_path(directory_));
  if (absl::IsNotFound(mark.status())) return absl::OkStatus();
  RIFFLE_RETURN_IF_ERROR(mark.status());
  std::string_view text = *mark;
  std::uint64_t marked_number = 0;
  std::uint64_t marked_size = 0;
  std::uint64_t marked_hash = 0;
  const auto next = [&](std::uint64_t& number, char after) {
    if (!take_number(text, number) || !text.starts_with(after)) return false;
    text.remove_prefix(1);
    return true;
  };
  if (!next(marked_number, ' ') || !next(marked_size, ' ') || !next(marked_hash, '\n') || !text.empty())
    return corruption_error(directory_, "its file MARK cannot be read");

  RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t number, current_manifest(directory_));
  if (number < marked_number)
    return corruption_error(directory_, absl::StrCat("CURRENT names MANIFEST ", number, ", but ",
                                                     marked_number, " was in force"));
  if (number > marked_number) return absl::OkStatus();
  const auto bytes = read_file(manifest_path(directory_, number));
  if (absl::IsNotFound(bytes.status()))
    return absl::OkStatus();  // replaced while we looked, or RocksDB will say so
  RIFFLE_RETURN_IF_ERROR(bytes.status());
  if (bytes->size() < marked_size)
    return corruption_error(
        directory_, absl::StrCat("its MANIFEST has ", bytes->size(), " bytes of ", marked_size));
  if (stable_hash(std::string_view(*bytes).substr(0, marked_size)) != marked_hash)
    return corruption_error(directory_, "its MANIFEST has other bytes than were written");
  return absl::OkStatus();
}

}  // namespace riffle::state
