#include "app/temporary_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace riffle::app {

absl::Status TemporaryDirectory::make(const std::string& name) {
  std::error_code unknown;
  std::string pattern = (std::filesystem::temp_directory_path(unknown) / (name + "-XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr)
    return absl::ErrnoToStatus(
        errno, absl::StrCat("no temporary directory can be made at ", pattern, "; TMPDIR says where it should be"));
  path_ = pattern;
  return absl::OkStatus();
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace riffle::app
