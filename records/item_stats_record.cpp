#include "records/item_stats_record.h"

#include "absl/strings/str_cat.h"
#include "records/wire.h"

namespace riffle::records {
namespace {

constexpr std::size_t kLongestHead = 4 * (1 + kLongestVarint);  // three numbers and the row's length, with their tags

}  // namespace

void encode_item_stats(const ItemStatsHead& head, const ItemRow& row, std::string& out) {
  thread_local std::string row_bytes;
  encode(row, row_bytes);
  out.resize(kLongestHead + row_bytes.size());
  WireWriter to(out.data());
  to.unsigned_field(1, static_cast<std::uint64_t>(head.shard.value()));
  to.unsigned_field(2, head.generation);
  to.unsigned_field(3, head.epoch);
  to.tag(4, WireType::kBytes);
  to.bytes(row_bytes);
  out.resize(static_cast<std::size_t>(to.at() - out.data()));
}

absl::Status decode_item_stats(std::string_view bytes, ItemStatsHead& head, ItemRow& row) {
  head = {};
  std::string_view row_bytes;
  WireReader from(bytes);
  std::uint32_t field;
  WireType type;
  while (from.next(field, type)) {
    if (field <= 3 && type == WireType::kVarint) {
      const std::uint64_t value = from.varint();
      if (field == 1) head.shard = Partition(static_cast<std::int32_t>(value));
      if (field == 2) head.generation = value;
      if (field == 3) head.epoch = value;
    } else if (field == 4 && type == WireType::kBytes) {
      row_bytes = from.bytes();
    } else if (field <= 4) {
      from.fail();
    } else {
      from.skip(type);
    }
  }
  if (!from.ok()) return absl::DataLossError(absl::StrCat("not item statistics: ", bytes.size(), " bytes"));
  return decode(row_bytes, row);
}

}  // namespace riffle::records
