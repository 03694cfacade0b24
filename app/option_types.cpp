#include "app/option_types.h"

#include "config/units.h"

namespace riffle::app {

CLI::Option* add_format_option(CLI::App& command, Format& format) {
  return command
      .add_option_function<std::string>(
          "--format",
          [&format](const std::string& word) {
            format = word == "json" ? Format::kJson : Format::kText;
          },
          "text for the eye, json for a program")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("text|json");
}

CLI::Option* add_duration_option(CLI::App& command, const std::string& name,
                                 std::optional<Milliseconds>& value, const std::string& help) {
  return command
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            value = config::parse_duration(text);
            if (!value)
              throw CLI::ValidationError(
                  name, "expected a duration, as 100ms, 30s, 5m, 2h or 7d; found \"" + text + "\"");
          },
          help)
      ->type_name("DURATION");
}

void add_interval_options(CLI::App& command, evaluation::IntervalOptions& intervals) {
  command.add_option("--confidence", intervals.confidence, "Of intervals (default 0.95)")
      ->check(CLI::Range(0.5, 0.9999))
      ->type_name("SHARE");
  command.add_option("--resamples", intervals.resamples, "Of the bootstrap (default 1000)")
      ->check(CLI::Range(10, 100000))
      ->type_name("N");
}

}  // namespace riffle::app
