// Values of some kB, packed by LZ4 before they enter the store: each is copied into the log, the memtable, a table's file and
// by compactions again, and all of that costs by the byte. A decision's rows of features and its list's JSON say much the
// same again and again.
//
// Packed: one byte of kind, then the value as it is (kAsItIs), or four bytes of its size, little-endian, and an LZ4 block
// (kLz4), or four bytes of how many come as they are, those, four bytes of the size of the rest, and its block (kLz4Tail).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace riffle::state {

// Replaces `packed`, whose memory is used again. The first `plain` bytes, which say nothing twice, are left as they are: looking
// for what they repeat costs more than all the rest.
void pack(std::string_view value, std::size_t plain, std::string& packed);
// Replaces `value`. DataLoss: these are not bytes that pack() made.
absl::Status unpack(std::string_view packed, std::string& value);

}  // namespace riffle::state
