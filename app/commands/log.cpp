#include "app/commands/log.h"

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/configuration.h"
#include "app/log_check/report.h"
#include "app/ope/log_options.h"
#include "app/ope/question.h"
#include "app/option_types.h"
#include "app/progress.h"
#include "app/system.h"
#include "base/errors.h"

namespace riffle::app {
namespace {

std::atomic<bool> interrupted{false};

struct Options {
  ConfigurationChoice configuration;
  OpeChoice choice;
  Format format = Format::kText;
};

class Check {
 public:
  Check(const Options& options, const config::Config& config, const Streams& streams)
      : options_(options), config_(config), progress_(streams.err) {}

  absl::StatusOr<LogReport> run() {
    OpeChoice choice = options_.choice;
    choice.target = "uniform";
    choice.estimators = {"ips"};  // none that needs a model, and a pass of its own
    RIFFLE_ASSIGN_OR_RETURN(OpeSetup setup, set_up(choice, config_));
    RIFFLE_ASSIGN_OR_RETURN(const auto log, setup.open());
    LogReport report;
    report.log = setup.question.log;
    report.cut_short = read(*log);
    progress_.clear();
    report.figures = check_.figures();
    report.read = log->counts();
    report.problems = log->problems();
    report.findings = evaluation::findings(report.figures, report.read, log->unreadable_propensities());
    if (choice.file.empty() && !interrupted) {
      RIFFLE_ASSIGN_OR_RETURN(report.joins, check_joins(*setup.bus, topic_names(config_)));
      add_join_findings(report);
    }
    report.seconds = seconds();
    return report;
  }

 private:
  // Why it ended before the log's end; what was read until then is good.
  std::string read(evaluation::RoundSource& log) {
    evaluation::LoggedRound round;
    for (std::uint64_t n = 1;; ++n) {
      const auto more = log.next(round);
      if (!more.ok()) return std::string(more.status().message());
      if (!*more) return {};
      check_.add(round);
      if (n % 1024 != 0) continue;
      if (interrupted) return "interrupted";
      if (progress_.due()) show(log, n);
    }
  }

  void show(const evaluation::RoundSource& log, std::uint64_t rounds) {
    std::string line = absl::StrCat(with_commas(rounds), " rounds");
    if (const auto fraction = log.fraction(); fraction && *fraction > 0)
      absl::StrAppendFormat(&line, ", %.0f %%, %.0f s left", 100 * *fraction, seconds() * (1 / *fraction - 1));
    progress_.show(line);
  }

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

  const Options& options_;
  const config::Config& config_;
  Progress progress_;
  evaluation::LogCheck check_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

ExitCode check(const Options& options, const Streams& streams) {
  const auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  interrupted = false;
  const auto before = std::signal(SIGINT, [](int) { interrupted = true; });
  const auto report = Check(options, *config, streams).run();
  std::signal(SIGINT, before);
  if (!report.ok()) {
    const bool usage =
        absl::IsInvalidArgument(report.status()) || (absl::IsNotFound(report.status()) && !options.choice.file.empty());
    if (!usage) return fail(streams, report.status(), Origin::kBus);
    streams.err << "riffle: " << report.status().message() << '\n';
    return ExitCode::kUsage;
  }
  streams.out << (options.format == Format::kJson ? log_json(*report) : log_text(*report));
  if (!report->cut_short.empty()) return ExitCode::kFailed;
  return report->good() ? ExitCode::kOk : ExitCode::kRefused;
}

}  // namespace

void add_log(CLI::App& program, Chosen& chosen) {
  CLI::App* log = program.add_subcommand("log", "Look at a log of decisions");
  log->require_subcommand(1);
  CLI::App* command = log->add_subcommand(
      "check", "Is the log good enough to be asked what another policy would have earned? Exit code 9: no");
  const auto options = std::make_shared<Options>();
  add_log_options(*command, options->choice);
  add_format_option(*command, options->format);
  add_configuration_options(*command, options->configuration);
  command->callback(
      [options, &chosen] { chosen.action = [options](const Streams& streams) { return check(*options, streams); }; });
}

}  // namespace riffle::app
