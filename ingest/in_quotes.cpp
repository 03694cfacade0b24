#include "ingest/in_quotes.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "records/json_text.h"

namespace riffle::ingest {
namespace {

constexpr std::size_t kLongest = 80;

}  // namespace

std::string in_quotes(std::string_view bytes) {
  std::string_view shown = bytes.substr(0, kLongest);
  // Not in the middle of a character.
  while (shown.size() < bytes.size() && !shown.empty() &&
         (static_cast<unsigned char>(bytes[shown.size()]) & 0xC0) == 0x80)
    shown.remove_suffix(1);
  const absl::string_view text(shown.data(), shown.size());
  return absl::StrCat(
      "\"", records::is_utf8(shown) ? absl::Utf8SafeCHexEscape(text) : absl::CHexEscape(text), "\"",
      shown.size() < bytes.size() ? "…" : "");
}

}  // namespace riffle::ingest
