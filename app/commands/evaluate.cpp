#include "app/commands/evaluate.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "app/configuration.h"
#include "app/evaluate/policies.h"
#include "app/evaluate/topic_events.h"
#include "app/option_types.h"
#include "app/progress.h"
#include "app/system.h"
#include "base/errors.h"
#include "evaluation/prequential/event_files.h"
#include "evaluation/prequential/report.h"
#include "records/time_text.h"

namespace riffle::app {
namespace {

using evaluation::EventFiles;
using evaluation::EventSource;
using evaluation::PrequentialOptions;
using evaluation::PrequentialReport;
using Steady = std::chrono::steady_clock;

std::atomic<bool> interrupted = false;

struct Options {
  ConfigurationChoice configuration;
  std::vector<std::string> files;     // empty: the log on the bus
  std::string log;                    // empty: by the files' names
  std::vector<std::string> policies;  // empty: all
  PrequentialOptions protocol;
  double warm_up = 0;  // share
  std::optional<Milliseconds> slice, label_delay, session_gap;
  evaluation::IntervalOptions intervals;
  Format format = Format::kText;
  std::string html;
};

bool has_ending(std::string file, std::string_view ending) {
  if (file.ends_with(".gz")) file.resize(file.size() - 3);
  return file.ends_with(ending);
}

absl::StatusOr<evaluation::FileFormat> format_of(const Options& options) {
  if (options.log == "online-retail") return evaluation::FileFormat::kOnlineRetail;
  if (options.log == "json-lines") return evaluation::FileFormat::kJsonLines;
  const auto all = [&](std::string_view ending) {
    return std::ranges::all_of(options.files, [&](const std::string& file) { return has_ending(file, ending); });
  };
  if (all(".csv")) return evaluation::FileFormat::kOnlineRetail;
  if (all(".jsonl") || all(".json")) return evaluation::FileFormat::kJsonLines;
  return absl::InvalidArgumentError(
      absl::StrCat(options.files.front(), ": say what it is with --log online-retail or json-lines"));
}

using OpenLog = std::function<absl::StatusOr<std::unique_ptr<EventSource>>()>;

// A share of the stream is known only once the stream is: it is counted beforehand.
absl::StatusOr<std::uint64_t> count_events(const OpenLog& open) {
  RIFFLE_ASSIGN_OR_RETURN(const auto stream, open());
  std::uint64_t count = 0;
  while (!interrupted) {
    RIFFLE_ASSIGN_OR_RETURN(const EventSource::Kind kind, stream->next());
    if (kind == EventSource::Kind::kEnd) break;
    if (kind == EventSource::Kind::kEvent && stream->event().kind == records::EventKind::kInteraction) ++count;
  }
  return count;
}

// Rate, and the time left where the stream's length is known.
class Watch {
 public:
  Watch(std::ostream& err, std::uint64_t total) : progress_(err), total_(total) {}
  ~Watch() { progress_.clear(); }
  void operator()(std::uint64_t events, const EventSource& log) {
    if (events % 64 != 0 || !progress_.due()) return;
    const double seconds = std::max(std::chrono::duration<double>(Steady::now() - began_).count(), 1e-3);
    std::string line =
        absl::StrCat(with_commas(events), " events, ",
                     with_commas(static_cast<std::uint64_t>(static_cast<double>(events) / seconds)), "/s");
    std::optional<double> share = log.fraction();
    if (total_ > 0) share = std::min(1.0, static_cast<double>(events) / static_cast<double>(total_));
    if (share && *share > 0)
      absl::StrAppend(&line, absl::StrFormat(", %.0f %%, %.0f s left", 100 * *share, seconds * (1 / *share - 1)));
    progress_.show(line);
  }

 private:
  Progress progress_;
  std::uint64_t total_;
  Steady::time_point began_ = Steady::now();
};

// What to do where nothing was evaluated.
std::string why_nothing(const evaluation::PrequentialResult& result) {
  if (result.interactions > 0)
    return "nothing was evaluated: all interactions are among what is left out; ask for a wider period, less of a "
           "warm-up, or repeats and new users, too";
  if (result.left_out.other_type > 0)
    return "nothing was evaluated: the log has no interaction of the types that are predicted; name others with --types";
  return "nothing was evaluated: the log has no interaction that can be used";
}

class Evaluation {
 public:
  Evaluation(const Options& options, const config::Config& config, const Streams& streams)
      : options_(options), config_(config), streams_(streams) {}

  ExitCode run() {
    const auto before = std::signal(SIGINT, [](int) { interrupted = true; });
    interrupted = false;
    const absl::Status status = evaluate();
    std::signal(SIGINT, before);
    if (!status.ok()) return failed(status);
    streams_.out << (options_.format == Format::kJson ? evaluation::prequential_json(report_) + "\n"
                                                      : evaluation::prequential_text(report_));
    if (!options_.html.empty()) {
      std::ofstream page(options_.html);
      page << evaluation::prequential_html(report_);
      if (!page.flush()) return failed(absl::PermissionDeniedError(absl::StrCat("cannot write ", options_.html)));
    }
    return report_.partial || !report_.cut_short.empty() ? ExitCode::kFailed : ExitCode::kOk;
  }

 private:
  absl::Status choose_log() {
    const ConfigurationChoice& choice = options_.configuration;
    const bool bus_named = !choice.kafka.empty() || !choice.local.empty();
    if (options_.files.empty()) {
      if (!options_.log.empty()) return absl::InvalidArgumentError("--log says what FILEs are, and there is none");
      if (!bus_named && choice.file.empty() && choice.settings.empty())
        return absl::InvalidArgumentError(
            "which log? Name FILEs, or the bus that has Riffle's own: --kafka HOST:PORT or --local DIR");
      RIFFLE_ASSIGN_OR_RETURN(bus_, make_bus(config_));
      const bus::TopicNames topics = topic_names(config_);
      report_.log = absl::StrCat("topics ", topics.events, " and ", topics.items, " on ",
                                 config_.uses_kafka() ? config_.kafka.at("bootstrap.servers")
                                                      : config_.local.directory);
      open_ = [this, topics] { return TopicEvents::open(*bus_, topics, config_.ingest); };
      return absl::OkStatus();
    }
    if (bus_named)
      return absl::InvalidArgumentError("FILEs, or the log on the bus (--kafka, --local): one of them is to be left out");
    RIFFLE_ASSIGN_OR_RETURN(const evaluation::FileFormat format, format_of(options_));
    report_.log = absl::StrCat(format == evaluation::FileFormat::kOnlineRetail ? "Online Retail " : "JSON lines ",
                               absl::StrJoin(options_.files, ", "));
    open_ = [this, format] { return std::make_unique<EventFiles>(format, options_.files); };
    return absl::OkStatus();
  }

  absl::Status evaluate() {
    RIFFLE_RETURN_IF_ERROR(choose_log());
    RIFFLE_ASSIGN_OR_RETURN(auto policies, make_policies(options_.policies, options_.protocol.reveal, config_));
    report_.options = options_.protocol;
    report_.intervals = options_.intervals;
    if (options_.slice) report_.options.slice = *options_.slice;
    if (options_.label_delay) report_.options.label_delay = *options_.label_delay;
    if (options_.session_gap) report_.options.session_gap = *options_.session_gap;
    std::uint64_t total = 0;
    if (options_.warm_up > 0) {
      if (std::ranges::count(options_.files, "-") > 0)
        return absl::InvalidArgumentError(
            "--warm-up is a share of the whole log, and standard input comes once: use --from");
      RIFFLE_ASSIGN_OR_RETURN(total, count_events(open_));
      report_.options.warm_up = static_cast<std::uint64_t>(options_.warm_up * static_cast<double>(total));
    }
    return stream(std::move(policies), total);
  }

  absl::Status stream(std::vector<std::unique_ptr<evaluation::Policy>> policies, std::uint64_t total) {
    RIFFLE_ASSIGN_OR_RETURN(const auto log, open_());
    evaluation::Prequential prequential(report_.options, std::move(policies));
    const Steady::time_point began = Steady::now();
    {
      Watch watch(streams_.err, total);
      for (bool more = true; more && !interrupted;) {
        const absl::StatusOr<EventSource::Kind> kind = log->next();
        if (!kind.ok() && !absl::IsDataLoss(kind.status())) return kind.status();
        if (!kind.ok()) {
          report_.cut_short = std::string(kind.status().message());
          break;
        }
        if (*kind == EventSource::Kind::kItem) prequential.item(log->item(), log->time());
        if (*kind == EventSource::Kind::kEvent) prequential.event(log->event());
        more = *kind != EventSource::Kind::kEnd;
        watch(prequential.events(), *log);
      }
    }
    report_.partial = interrupted;
    report_.result = prequential.finish();
    report_.seconds = std::chrono::duration<double>(Steady::now() - began).count();
    report_.read = log->counts();
    report_.problems = log->problems();
    if (report_.result.points == 0) report_.problems.push_back(why_nothing(report_.result));
    return absl::OkStatus();
  }

  ExitCode failed(const absl::Status& status) {
    if (bus_) return fail(streams_, status, Origin::kBus);
    streams_.err << "riffle: " << status.message() << '\n';
    return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? ExitCode::kUsage : ExitCode::kFailed;
  }

  const Options& options_;
  const config::Config& config_;
  const Streams& streams_;
  std::unique_ptr<bus::Bus> bus_;  // null: the log is in files
  OpenLog open_;
  PrequentialReport report_;
};

void add_time_option(CLI::App& command, const std::string& name, std::optional<TimePoint>& value,
                     const std::string& help) {
  command
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            value = records::parse_time(text);
            if (!value) value = records::parse_time(text + "T00:00:00Z");
            if (!value)
              throw CLI::ValidationError(
                  name, "expected a time, as 2011-02-01 or 2011-02-01T12:00:00Z; found \"" + text + "\"");
          },
          help)
      ->type_name("TIME");
}

void add_protocol_options(CLI::App& command, Options& options) {
  PrequentialOptions& protocol = options.protocol;
  command
      .add_option_function<std::string>(
          "--reveal",
          [&protocol](const std::string& word) {
            protocol.reveal = word == "line"     ? evaluation::Reveal::kLine
                              : word == "basket" ? evaluation::Reveal::kBasket
                                                 : evaluation::Reveal::kSession;
          },
          "What is predicted at once: a line (default), a basket (lines of one user and session that follow each "
          "other), or "
          "a session, which others' events may interleave")
      ->check(CLI::IsMember({"line", "basket", "session"}))
      ->type_name("line|basket|session");
  command.add_flag("--new-only", protocol.new_only, "What the user had is neither listed nor evaluated");
  command.add_flag("--known-items", protocol.known_items, "What has not appeared before is not evaluated");
  command.add_flag("--known-users", protocol.known_users, "Users without a past are not evaluated");
  command.add_option("--warm-up", options.warm_up, "This share of the log is only learned")
      ->check(CLI::Range(0.0, 0.99))
      ->type_name("SHARE");
  add_time_option(command, "--from", protocol.from, "Evaluate from here on (all is learned)");
  add_time_option(command, "--to", protocol.to, "Evaluate what is before it");
  command.add_option("--sample", protocol.sample, "Evaluate this share of the points, drawn by --seed")
      ->check(CLI::Range(1e-6, 1.0))
      ->type_name("SHARE");
  command
      .add_option("--types", protocol.types,
                  "Types of interactions that are predicted (default: all but remove_from_cart and dislike)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("TYPE,…");
  add_duration_option(command, "--label-delay", options.label_delay,
                      "Learn an interaction so long after it (default 0)");
  add_duration_option(command, "--session-gap", options.session_gap, "A session ends with such a pause (default 30m)");
}

void add_report_options(CLI::App& command, Options& options) {
  command
      .add_option("-k", options.protocol.ks,
                  "Lengths of lists (default 10); the first one is that of intervals and slices")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1000))
      ->type_name("K,…");
  add_duration_option(command, "--slice", options.slice, "Length of the time slices of the report (default 7d)");
  add_interval_options(command, options.intervals);
  command
      .add_option_function<std::uint64_t>(
          "--seed", [&options](std::uint64_t seed) { options.protocol.seed = options.intervals.seed = seed; },
          "Of the bootstrap and of --sample (default 1)")
      ->type_name("N");
  add_format_option(command, options.format);
  command.add_option("--html", options.html, "Write the report as one page there, too")->type_name("FILE");
}

}  // namespace

void add_evaluate(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "evaluate", "Policies side by side over a log: recommend, reveal, learn; with all metrics");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("FILE", options->files,
                   "Logs, in order, plain or gzip; - is standard input; without them, Riffle's own log on the bus")
      ->type_name("");
  command->add_option("--log", options->log, "What they are (default: by their names)")
      ->check(CLI::IsMember({"online-retail", "json-lines"}))
      ->type_name("online-retail|json-lines");
  command
      ->add_option("--policies,-p", options->policies,
                   absl::StrCat("Of ", absl::StrJoin(default_policies(), ", "),
                                " (default: all); sequence:mean, sequence:gru, sequence:attention learn encoders of users' "
                                "histories, riffle:encoder=KIND is riffle with one as it runs live, riffle:sequence=KIND with one beside it; "
                                "riffle:KIND=WEIGHT is riffle with a diversifier"))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME,…");
  add_protocol_options(*command, *options);
  add_report_options(*command, *options);
  add_configuration_options(*command, options->configuration);
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) {
      const auto config = configuration(options->configuration, streams);
      return config ? Evaluation(*options, *config, streams).run() : ExitCode::kUsage;
    };
  });
}

}  // namespace riffle::app
