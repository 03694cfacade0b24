#include "state/row_cache.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::state::internal {

absl::Status unreadable_row(Column column, std::string_view key, const absl::Status& cause) {
  return fatal_error(
      absl::StatusCode::kDataLoss,
      absl::StrCat(
          "the row \"", absl::CHexEscape(absl::string_view(key.data(), key.size())),
          "\" of column ", std::string(name_of(column)), " cannot be read: ", cause.message(),
          "; restore the store from a checkpoint, or move it away and start with --rebuild"));
}

}  // namespace riffle::state::internal
