#include "state/store.h"

#include <array>

#include "base/check.h"

namespace riffle::state {
namespace {

constexpr std::array<std::string_view, kColumns> kNames = {
    "meta",     "offsets",    "users",   "items",   "profiles",  "decisions", "joins",
    "requests", "user_lists", "waiting", "journal", "catalogue", "stats"};

}  // namespace

std::string_view name_of(Column column) {
  const auto index = static_cast<std::size_t>(column);
  RIFFLE_CHECK(index < kColumns, "column", index);
  return kNames[index];
}

std::string number_key(std::uint64_t number) {
  std::string key(8, '\0');
  for (int i = 7; i >= 0; --i, number >>= 8)
    key[static_cast<std::size_t>(i)] = static_cast<char>(number & 0xff);
  return key;
}

std::uint64_t number_of(std::string_view key) {
  RIFFLE_CHECK(key.size() == 8, "a number key has 8 bytes, this one", key.size());
  std::uint64_t number = 0;
  for (const char c : key) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace riffle::state
