#include "app/commands/replay.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "app/configuration.h"
#include "app/option_types.h"
#include "app/replay/as_logged.h"
#include "app/system.h"
#include "records/time_text.h"

namespace riffle::app {
namespace {

struct Options {
  ConfigurationChoice configuration;
  ReplayChoice choice;
};

ExitCode failed(const Streams& streams, const absl::Status& status) {
  if (absl::IsInvalidArgument(status) || absl::IsOutOfRange(status) || absl::IsDataLoss(status) ||
      absl::IsFailedPrecondition(status)) {
    streams.err << "riffle: " << status.message() << '\n';
    return absl::IsInvalidArgument(status) ? ExitCode::kUsage : ExitCode::kRefused;
  }
  return fail(streams, status, Origin::kTopics);
}

ExitCode replay(const Options& options, const Streams& streams) {
  const auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  const ReplayChoice& choice = options.choice;
  if (!choice.verify.empty() && (choice.until || !choice.user.empty())) {
    streams.err << "riffle: --verify holds all rows against a state: it goes with neither --until nor --user\n";
    return ExitCode::kUsage;
  }
  auto bus = make_bus(*config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  const auto report = replay_log(**bus, *config, choice, streams);
  if (!report.ok()) return failed(streams, report.status());
  streams.out << (choice.format == Format::kJson ? as_logged_json(*report) : as_logged_text(*report));
  if (!report->same()) return ExitCode::kDiffers;
  return report->user && report->user->empty() ? ExitCode::kFailed : ExitCode::kOk;
}

}  // namespace

void add_replay(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "replay", "Apply a log again as it was, at full speed, and hold what comes out against what there is");
  const auto options = std::make_shared<Options>();
  ReplayChoice& choice = options->choice;
  command
      ->add_option("--verify", choice.verify,
                   "A worker's state directory: are its users and items, byte for byte, what the log makes? Exit code 10: no")
      ->type_name("DIR");
  command
      ->add_option_function<std::string>(
          "--until",
          [&choice](const std::string& text) {
            choice.until = records::parse_time(text);
            if (!choice.until) throw CLI::ValidationError("--until", text + " is no time, as 2025-10-09T08:53:20Z");
          },
          "Leave out the records stamped later (by the bus)")
      ->type_name("TIME");
  command->add_option("--user", choice.user, "Only this user's shard; print what is known of him in the end")->type_name("ID");
  command->add_option("--keep", choice.keep, "A new directory for the rows that are made, for `riffle get`")->type_name("DIR");
  add_format_option(*command, choice.format);
  add_configuration_options(*command, options->configuration);
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return replay(*options, streams); };
  });
}

}  // namespace riffle::app
