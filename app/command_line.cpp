#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "app/commands/bench.h"
#include "app/commands/check_config.h"
#include "app/commands/demo.h"
#include "app/commands/evaluate.h"
#include "app/commands/explain.h"
#include "app/commands/get.h"
#include "app/commands/import.h"
#include "app/commands/log.h"
#include "app/commands/ope.h"
#include "app/commands/publish.h"
#include "app/commands/replay.h"
#include "app/commands/run.h"
#include "app/commands/simulate.h"
#include "app/commands/topics.h"
#include "app/commands/watch.h"
#include "config/nearest.h"

namespace riffle::app {
namespace {

// In the order of `--help`.
constexpr std::array kCommands = {
    AddCommand{add_run},    AddCommand{add_demo},         AddCommand{add_simulate},
    AddCommand{add_topics},
    AddCommand{add_import}, AddCommand{add_publish},      AddCommand{add_watch},
    AddCommand{add_get},    AddCommand{add_explain},      AddCommand{add_replay},
    AddCommand{add_evaluate}, AddCommand{add_log},        AddCommand{add_ope},
    AddCommand{add_check_config}, AddCommand{add_bench},
};

// The parser would only say that it wants a command.
std::optional<std::string> unknown_command(const CLI::App& program, int argc,
                                           const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-') return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands({})) names.push_back(command->get_name());
  const std::string name = argv[1];
  if (std::find(names.begin(), names.end(), name) != names.end()) return std::nullopt;
  const std::string meant = config::nearest(name, names);
  return "riffle: there is no command `" + name + "`" +
         (meant.empty() ? "; `riffle --help` has them all" : "; did you mean `" + meant + "`?");
}

}  // namespace

const char* version() { return "riffle 0.1.0"; }

ExitCode fail(const Streams& streams, const absl::Status& status, Origin origin) {
  const ExitCode code = exit_code(status, origin);
  streams.err << "riffle: " << status.message() << '\n';
  return code;
}

int run_command_line(int argc, const char* const* argv, const Streams& streams) {
  CLI::App program(
      "Riffle: events from Kafka in, learned and diversified recommendation lists out.", "riffle");
  program.set_version_flag("--version", version());
  program.require_subcommand(1);
  program.fallthrough(false);
  Chosen chosen;
  for (const AddCommand add : kCommands) add(program, chosen);
  program.footer(exit_code_help() + "\n`riffle COMMAND --help` has a command's options.");
  if (const auto mistake = unknown_command(program, argc, argv)) {
    streams.err << *mistake << '\n';
    return static_cast<int>(ExitCode::kUsage);
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are thrown, too, and are no mistake.
    const int code = program.exit(error, streams.out, streams.err);
    return static_cast<int>(code == 0 ? ExitCode::kOk : ExitCode::kUsage);
  }
  const ExitCode code = chosen.action(streams);
  streams.out.flush();
  return static_cast<int>(code);
}

}  // namespace riffle::app
