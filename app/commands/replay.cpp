#include "app/commands/replay.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "app/configuration.h"
#include "app/option_types.h"
#include "app/replay/as_logged.h"
#include "app/replay/what_if.h"
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

// What does not go together; empty: all does.
std::string conflict(const ReplayChoice& choice) {
  const bool anew = choice.what_if || !choice.file.empty();
  if (!choice.verify.empty() && anew) return "--verify is of a log as it was: it goes with neither --what-if nor FILE";
  if (!choice.keep.empty() && anew) return "--keep is of a log as it was: it goes with neither --what-if nor FILE";
  if (!choice.verify.empty() && (choice.until || !choice.user.empty()))
    return "--verify holds all rows against a state: it goes with neither --until nor --user";
  return {};
}

ExitCode replay_as_logged(const config::Config& config, const ReplayChoice& choice, const Streams& streams) {
  auto bus = make_bus(config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  const auto report = replay_log(**bus, config, choice, streams);
  if (!report.ok()) return failed(streams, report.status());
  streams.out << (choice.format == Format::kJson ? as_logged_json(*report) : as_logged_text(*report));
  if (!report->same()) return ExitCode::kDiffers;
  return report->user && report->user->empty() ? ExitCode::kFailed : ExitCode::kOk;
}

ExitCode replay_what_if(const config::Config& config, const ReplayChoice& choice, const Streams& streams) {
  WhatIfReport report;
  const absl::Status status = what_if(config, choice, streams, report);
  const bool begun = report.figures.events + report.figures.requests > 0;
  if (!status.ok() && !begun) {
    const bool no_file = absl::IsNotFound(status) && !choice.file.empty();
    return no_file ? failed(streams, absl::InvalidArgumentError(status.message())) : failed(streams, status);
  }
  // The lists are the output; of a summary alone there is nothing to be mixed with.
  if (choice.format == Format::kJson) {
    streams.out << what_if_json(report);
  } else {
    streams.out.flush();
    streams.err << what_if_text(report);
  }
  if (!status.ok()) return choice.file.empty() ? failed(streams, status) : ExitCode::kFailed;
  if (report.figures.requests > 0) return ExitCode::kOk;
  streams.err << "riffle: the log has no request: there is nothing that could have been answered\n";
  return ExitCode::kRefused;
}

ExitCode replay(const Options& options, const Streams& streams) {
  const auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  const ReplayChoice& choice = options.choice;
  if (const std::string why = conflict(choice); !why.empty()) {
    streams.err << "riffle: " << why << '\n';
    return ExitCode::kUsage;
  }
  return choice.what_if || !choice.file.empty() ? replay_what_if(*config, choice, streams)
                                                : replay_as_logged(*config, choice, streams);
}

}  // namespace

void add_replay(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "replay", "Apply a log again: as it was, held against what there is; or what if this configuration had answered");
  const auto options = std::make_shared<Options>();
  ReplayChoice& choice = options->choice;
  command
      ->add_option(
          "FILE", choice.file,
          "Events, requests and items as JSON lines in their order, plain or gzip, - for standard input; without it, "
          "the bus")
      ->type_name("");
  command->add_flag(
      "--what-if", choice.what_if,
      "Answer the log's requests anew, by this configuration's policies, which learn from the logged outcomes "
      "as they come; prints the lists, or with --format json what they are like. Always so with FILE");
  command->add_option("--seed", choice.seed, "Of exploration, what if (default 1)")->type_name("N");
  command
      ->add_option(
          "--verify", choice.verify,
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
  command->add_option("--user", choice.user, "Print what is known of this user in the end; what if: only his lists")
      ->type_name("ID");
  command->add_option("--keep", choice.keep, "A new directory for the rows that are made, for `riffle get`")
      ->type_name("DIR");
  add_format_option(*command, choice.format);
  add_configuration_options(*command, options->configuration);
  command->callback(
      [options, &chosen] { chosen.action = [options](const Streams& streams) { return replay(*options, streams); }; });
}

}  // namespace riffle::app
