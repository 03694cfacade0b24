// One line a fact, to stderr, so that stdout stays for what a program reads.
#pragma once

#include <spdlog/spdlog.h>

namespace riffle {

namespace log = spdlog;  // log::info("shard {} restored in {} ms", shard, ms)

// level: trace, debug, info, warn, error, off. Call once, before threads start.
void init_log(const std::string& level);

}  // namespace riffle
