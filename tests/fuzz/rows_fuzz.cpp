// The rows' own codec. What is taken encodes to bytes that come back as themselves and that the
// generated classes read to the same bytes.
#include "input.h"
#include "records/json_text.h"
#include "records/riffle.pb.h"
#include "records/rows.h"

namespace {

using namespace riffle;
using namespace riffle::records;

bool is_text(const UserRow& row) { return is_utf8(row.session_id.str()); }
bool is_text(const ItemRow& row) { return is_utf8(row.item_id.str()); }

template <class Row, class Message>
void run(std::string_view bytes) {
  Row row, back;
  if (!decode(bytes, row).ok()) return;
  std::string once, twice;  // new ones: the encoder's idea of the longest row is held to its bytes
  encode(row, once);
  RIFFLE_CHECK(decode(once, back).ok());
  encode(back, twice);
  RIFFLE_CHECK(twice == once);
  Message message;
  if (!is_text(row)) return;  // the generated classes look at strings
  RIFFLE_CHECK(message.ParseFromString(once));
  RIFFLE_CHECK(message.SerializeAsString() == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  run<UserRow, pb::UserRow>(bytes);
  run<ItemRow, pb::ItemRow>(bytes);
  return 0;
}
