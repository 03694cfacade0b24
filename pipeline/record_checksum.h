// Tells the record at an offset from another one at the same offset of a topic that was made again.
#pragma once

#include <cstdint>

#include "bus/bus.h"

namespace riffle::pipeline {

std::uint64_t record_checksum(const bus::Record& record);

}  // namespace riffle::pipeline
