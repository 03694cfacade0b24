// Options of a kind that several commands have. For app/commands/*.cpp: it shows the parser.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "app/command.h"
#include "base/time.h"
#include "evaluation/intervals.h"

namespace riffle::app {

// --format text|json
CLI::Option* add_format_option(CLI::App& command, Format& format);

// Durations as the configuration has them: 100ms, 30s, 7d. `value` keeps its default where the
// option is not given.
CLI::Option* add_duration_option(CLI::App& command, const std::string& name,
                                 std::optional<Milliseconds>& value, const std::string& help);

// --confidence and --resamples.
void add_interval_options(CLI::App& command, evaluation::IntervalOptions& intervals);

}  // namespace riffle::app
