// Values of some kB, packed by LZ4 before they enter the store: each is copied into the log, the memtable, a table's file and
// by compactions again, and all of that costs by the byte. A decision's rows of features and its list's JSON say much the
// same again and again.
//
// Packed: one byte of kind, then the value as it is (kAsItIs), or four bytes of its size, little-endian, and an LZ4 block.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace riffle::state {

// Replaces `packed`, whose memory is used again.
void pack(std::string_view value, std::string& packed);
// Replaces `value`. DataLoss: these are not bytes that pack() made.
absl::Status unpack(std::string_view packed, std::string& value);

}  // namespace riffle::state
