// What each key alone may say and what together is impossible.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace riffle::config {

// Adds to `mistakes`, at the place of the key or of the nearest section above it that the file has. A check whose keys could
// not be read is left out: its answer would mislead.
void check(const Config& config, const Places& places, std::vector<Mistake>& mistakes);

}  // namespace riffle::config
