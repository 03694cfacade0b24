// Bytes of the internal records (records/riffle.proto), found by argument-dependent lookup beside
// encode and decode of records/rows.h, so that state::RowCache holds either kind of row. Equal
// messages give equal bytes: the schema has no maps.
#pragma once

#include <google/protobuf/message_lite.h>

#include <concepts>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace riffle::pb {

// Replaces `out`, reusing its memory.
template <std::derived_from<google::protobuf::MessageLite> M>
void encode(const M& message, std::string& out) {
  message.SerializeToString(&out);
}

// kDataLoss where the bytes are not this message; `message` is then unspecified.
template <std::derived_from<google::protobuf::MessageLite> M>
absl::Status decode(std::string_view bytes, M& message) {
  if (bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
      message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(bytes.size(), " bytes are not a whole ",
                                          message.GetTypeName(), ": the record or row is corrupt"));
}

}  // namespace riffle::pb
