#include "app/commands/ope.h"

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/configuration.h"
#include "app/ope/log_options.h"
#include "app/ope/question.h"
#include "app/option_types.h"
#include "app/progress.h"
#include "base/errors.h"

namespace riffle::app {
namespace {

std::atomic<bool> interrupted = false;

struct Options {
  ConfigurationChoice configuration;
  OpeChoice choice;
  Format format = Format::kText;
  std::string html;  // a file; empty: none
};

// Rate, and the remaining time where the log's length is known.
class Watch {
 public:
  explicit Watch(std::ostream& err) : progress_(err) {}
  ~Watch() { progress_.clear(); }

  bool operator()(const evaluation::OpeProgress& now) {
    if (now.pass != pass_) {
      pass_ = now.pass;
      began_ = Clock::now();
    }
    if (progress_.due()) show(now);
    return !interrupted;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void show(const evaluation::OpeProgress& now) {
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    const double rate = static_cast<double>(now.rounds) / std::max(seconds, 1e-3);
    std::string line = absl::StrCat("pass ", now.pass, " of ", now.passes, ": ",
                                    with_commas(now.rounds), " rounds, ",
                                    with_commas(static_cast<std::uint64_t>(rate)), "/s");
    if (now.fraction && *now.fraction > 0)
      absl::StrAppend(&line, absl::StrFormat(", %.0f %%, %.0f s left", 100 * *now.fraction,
                                             seconds * (1 / *now.fraction - 1)));
    progress_.show(line);
  }

  Progress progress_;
  int pass_ = 0;
  Clock::time_point began_ = Clock::now();
};

ExitCode failed(const Streams& streams, const absl::Status& status, bool log_is_a_file) {
  if (absl::IsInvalidArgument(status) || (absl::IsNotFound(status) && log_is_a_file)) {
    streams.err << "riffle: " << status.message() << '\n';
    return ExitCode::kUsage;
  }
  if (absl::IsCancelled(status) || absl::IsPermissionDenied(status)) {
    streams.err << "riffle: " << status.message() << '\n';
    return ExitCode::kFailed;
  }
  if (absl::IsDataLoss(status)) {
    streams.err << "riffle: " << status.message()
                << "; --force evaluates what came before it, and says so\n";
    return ExitCode::kFailed;
  }
  return fail(streams, status, Origin::kBus);
}

ExitCode ope(const Options& options, const Streams& streams) {
  const auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  const bool file = !options.choice.file.empty();
  interrupted = false;
  const auto before = std::signal(SIGINT, [](int) { interrupted = true; });
  absl::StatusOr<OpeSetup> setup;
  absl::StatusOr<evaluation::OpeResult> result;
  {
    Watch watch(streams.err);
    setup = set_up(options.choice, *config, std::ref(watch));
    if (setup.ok())
      result = evaluation::evaluate_off_policy(setup->open, *setup->target, setup->model.get(),
                                               setup->question.options, std::ref(watch));
  }
  std::signal(SIGINT, before);
  if (!setup.ok()) return failed(streams, setup.status(), file);
  if (!result.ok()) return failed(streams, result.status(), file);
  streams.out << (options.format == Format::kJson
                      ? evaluation::ope_json(setup->question, *result) + "\n"
                      : evaluation::ope_text(setup->question, *result));
  if (!options.html.empty()) {
    std::ofstream page(options.html);
    page << evaluation::ope_html(setup->question, *result);
    if (!page.flush())
      return failed(streams, absl::PermissionDeniedError(absl::StrCat("cannot write ", options.html)), file);
  }
  if (interrupted) return ExitCode::kFailed;
  return result->any_refused() ? ExitCode::kRefused : ExitCode::kOk;
}

void add_target_options(CLI::App& command, OpeChoice& choice) {
  command
      .add_option("--target,-t", choice.target,
                  "The policy asked about: uniform; lines (JSON lines say what it would do); "
                  "policy:ID (of the configuration, with its saved version); FILE.csv (item_id, "
                  "position, probability); FILE.yaml (a prior of Thompson sampling)")
      ->required()
      ->type_name("TARGET");
  command.add_option("--policy-version", choice.policy_version, "Default: the newest saved")
      ->type_name("N");
  command.add_flag("--train", choice.train,
                   "Train the policy anew on the log, for each fold of users (--folds) on the others' outcomes");
  command.add_option("--campaign", choice.campaign, "Which one of FILE.yaml")->type_name("NAME");
  command.add_option("--list-length", choice.list_length, "Of the lists of FILE.yaml (default 3)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  command.add_option("--draws", choice.draws, "Monte Carlo draws of FILE.yaml (default 20000)")
      ->check(CLI::Range(1, 100000000))
      ->type_name("N");
}

void add_estimator_options(CLI::App& command, OpeChoice& choice) {
  evaluation::OpeOptions& options = choice.options;
  command
      .add_option("--estimators,-e", choice.estimators,
                  "replay, dm, ips, snips, dr, sndr, dros; of slates sips, snsips, rips, cascade-dr, iips, slate-dm "
                  "(default: all that apply)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME,…");
  command.add_option("--clip", options.weights.clip, "Weights above it count as that")
      ->check(CLI::PositiveNumber)
      ->type_name("WEIGHT");
  command
      .add_option("--shrinkage", options.weights.shrinkage,
                  "λ of dros (default: chosen by SLOPE)")
      ->check(CLI::PositiveNumber)
      ->type_name("LAMBDA");
  command
      .add_option("--folds", choice.folds,
                  "Of users, for cross-fitting the reward model and what --train trains (default 5); 1 fits in "
                  "sample")
      ->check(CLI::Range(1, 100))
      ->type_name("N");
  command
      .add_option("--prior", choice.prior,
                  "Rounds of the mean behind each cell of the reward model (default 50), of logs in "
                  "files")
      ->check(CLI::NonNegativeNumber)
      ->type_name("ROUNDS");
  command
      .add_option("--slate-draws", options.slate_draws,
                  "Lists drawn of each policy and logged list, for iips and slate-dm (default 100)")
      ->check(CLI::Range(2, 1000000))
      ->type_name("N");
  add_interval_options(command, options.intervals);
  command
      .add_option("--seed", options.intervals.seed,
                  "Of the bootstrap and of Monte Carlo draws (default 1)")
      ->type_name("N");
  command.add_flag("--assume-uniform", options.assume_uniform,
                   "Take it that items were drawn evenly, whatever propensities the log has");
  command.add_flag("--force", options.force,
                   "Give refused estimates, too, and take a log that is cut short; the report says so");
}

}  // namespace

void add_ope(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "ope", "What a policy would have earned, by the log of another one; or why it cannot be told");
  const auto options = std::make_shared<Options>();
  add_log_options(*command, options->choice);
  add_target_options(*command, options->choice);
  add_estimator_options(*command, options->choice);
  add_format_option(*command, options->format);
  command->add_option("--html", options->html, "Write the report as one page there, too")->type_name("FILE");
  add_configuration_options(*command, options->configuration);
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return ope(*options, streams); };
  });
}

}  // namespace riffle::app
