// One GET from a worker on this machine.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace riffle::app::bench {

struct Page {
  int status = 0;
  std::string body;
};

// Unavailable: nobody answers there, or not within seconds.
absl::StatusOr<Page> get_page(std::uint16_t port, const std::string& path);

}  // namespace riffle::app::bench
