#include "app/commands/bench.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "app/bench/measurements.h"
#include "app/configuration.h"
#include "app/option_types.h"
#include "app/progress.h"
#include "app/system.h"
#include "base/clock.h"
#include "base/errors.h"

namespace riffle::app {
namespace {

std::atomic<bool> interrupted{false};

struct Options {
  ConfigurationChoice configuration;
  Format format = Format::kText;
  std::string what;
  std::size_t runs = 3;
  std::size_t events = 1'000'000;
  std::size_t history = 200'000;
  std::size_t requests = 20'000;
  double seconds = 10;
  bench::LatencyLoad load;
  bench::WorkloadOptions workload;
  std::string directory;
};

class Bench {
 public:
  Bench(const Options& options, const config::Config& config, bus::Bus& bus, const Streams& streams)
      : options_(options), config_(config), bus_(bus), streams_(streams) {
    load_.measured = std::chrono::duration<double>(options.seconds);
    const std::filesystem::path root =
        options.directory.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(options.directory);
    // New on this bus and this machine, so that nothing of an earlier run is met.
    name_ = absl::StrCat("riffle-bench-", to_ms(SystemClock().now()), "-", ::getpid());
    directory_ = root / name_;
  }
  ~Bench() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  absl::Status run() {
    for (std::size_t run = 1; run <= options_.runs; ++run) {
      RIFFLE_RETURN_IF_ERROR(measure("events", run, options_.events, [this](bench::Stage& stage) {
        return bench::measure_events(stage, options_.events, figures_);
      }));
      RIFFLE_RETURN_IF_ERROR(measure("lists", run, options_.history, [this](bench::Stage& stage) {
        return bench::measure_lists(stage, options_.history, options_.requests, figures_);
      }));
      RIFFLE_RETURN_IF_ERROR(measure("latency", run, options_.history, [this](bench::Stage& stage) {
        return bench::measure_latency(stage, options_.history, load_, figures_);
      }));
    }
    return absl::OkStatus();
  }

  // What was measured, though a later run may have failed.
  void report() const {
    if (figures_.empty()) return;
    streams_.out << (options_.format == Format::kJson ? figures_.json(options_.workload) + "\n" : figures_.text());
  }

 private:
  template <class Measure>
  absl::Status measure(const std::string& what, std::size_t run, std::size_t events, const Measure& measure) {
    if (options_.what != "all" && options_.what != what) return absl::OkStatus();
    streams_.err << what << ": run " << run << " of " << options_.runs << std::endl;
    bench::StageSetup setup;
    setup.config = &config_;
    setup.choice = &options_.configuration;
    setup.bus = &bus_;
    setup.workload = options_.workload;
    setup.events = events;
    setup.directory = directory_ / absl::StrCat(what, run);
    setup.prefix = absl::StrCat(name_, ".", what, run, ".");
    setup.err = &streams_.err;
    setup.stop = [] { return interrupted.load(); };
    RIFFLE_ASSIGN_OR_RETURN(const auto stage, bench::Stage::open(std::move(setup)));
    const absl::Status status = measure(*stage);
    return status.ok() ? status : annotate(status, absl::StrCat(what, ", run ", run));
  }

  const Options& options_;
  const config::Config& config_;
  bus::Bus& bus_;
  const Streams& streams_;
  bench::LatencyLoad load_ = options_.load;
  std::string name_;
  std::filesystem::path directory_;
  bench::Figures figures_;
};

ExitCode run(const Options& options, const Streams& streams) {
  auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  if (!config->uses_kafka()) {
    streams.err << "riffle: bench measures a worker of its own process through a broker, which the local bus cannot be: name "
                   "one with --kafka HOST:PORT (`tools/kafka start` brings one)\n";
    return ExitCode::kUsage;
  }
  auto bus = make_bus(*config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  // What is temporary is cleared away all the same.
  std::signal(SIGINT, [](int) { interrupted = true; });
  std::signal(SIGTERM, [](int) { interrupted = true; });
  Bench bench(options, *config, **bus, streams);
  const absl::Status status = bench.run();
  bench.report();
  return status.ok() ? ExitCode::kOk : fail(streams, status, Origin::kBus);
}

}  // namespace

void add_bench(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand("bench", "Measure events, lists and latency through a real broker");
  const auto options = std::make_shared<Options>();
  command->add_option("WHAT", options->what, "What to measure")->required()
      ->check(CLI::IsMember({"events", "lists", "latency", "all"}))->type_name("events|lists|latency|all");
  add_configuration_options(*command, options->configuration);
  add_format_option(*command, options->format);
  const auto count = [&](const std::string& name, std::size_t& value, const std::string& help) {
    command->add_option(name, value, help)->capture_default_str()->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}));
  };
  count("--runs", options->runs, "Of each; the median and the range are said");
  count("--events", options->events, "Of a run of `events`");
  count("--history", options->history, "Events before lists and latency are measured");
  count("--requests", options->requests, "Of the burst of `lists`");
  count("--users", options->workload.users, "Of the workload");
  count("--items", options->workload.items, "Of the workload");
  command->add_option("--rate", options->load.requests_per_second, "Requests a second of `latency`")
      ->capture_default_str()->check(CLI::PositiveNumber);
  command->add_option("--seconds", options->seconds, "That `latency` measures")->capture_default_str()->check(CLI::PositiveNumber);
  command->add_option("--seed", options->workload.seed, "Of the workload")->capture_default_str();
  command->add_option("--directory", options->directory, "Where the workers' state lies meanwhile (default: the system's "
                      "directory for temporary files)")->type_name("DIR");
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return run(*options, streams); };
  });
}

}  // namespace riffle::app
