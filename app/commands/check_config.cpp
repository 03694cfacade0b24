#include "app/commands/check_config.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "app/configuration.h"
#include "app/option_types.h"
#include "records/json_writer.h"

namespace riffle::app {
namespace {

struct Options {
  ConfigurationChoice configuration;
  Format format = Format::kText;
};

ExitCode check_config(const Options& options, const Streams& streams) {
  const Configured configured = configure(options.configuration);
  const bool ok = configured.mistakes.empty();
  if (options.format == Format::kJson) {
    records::JsonWriter json;
    json.begin_object().member("ok", ok).key("mistakes").begin_array();
    for (const std::string& mistake : configured.mistakes) json.value(mistake);
    json.end_array().end_object();
    streams.out << json.take() << '\n';
  } else if (ok) {
    streams.out << options.configuration.file << ": ok\n";
  } else {
    for (const std::string& mistake : configured.mistakes) streams.out << mistake << '\n';
  }
  return ok ? ExitCode::kOk : ExitCode::kUsage;
}

}  // namespace

void add_check_config(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "check-config", "Every mistake of a configuration file, with its line");
  const auto options = std::make_shared<Options>();
  command->add_option("FILE", options->configuration.file, "Configuration file (YAML)")->required();
  command
      ->add_option("--set", options->configuration.settings,
                   "A setting over the file's, to be checked with it")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  add_format_option(*command, options->format);
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return check_config(*options, streams); };
  });
}

}  // namespace riffle::app
