// Durations and sizes as a person writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace riffle::config {

// "250ms", "1.5h", "7d"; a bare "0" too. Whole milliseconds, not negative; nullopt for everything else.
std::optional<Milliseconds> parse_duration(std::string_view text);
std::string format_duration(Milliseconds duration);   // in the largest unit that divides it

// "4096", "512KiB", "2GiB", "10MB" (10^6).
std::optional<std::int64_t> parse_bytes(std::string_view text);
std::string format_bytes(std::int64_t bytes);

std::optional<std::int64_t> parse_whole(std::string_view text);
std::optional<double> parse_real(std::string_view text);  // finite
std::string format_real(double value);                    // the shortest that reads back

}  // namespace riffle::config
