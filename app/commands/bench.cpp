#include "app/commands/bench.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
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
#include "config/units.h"

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
  std::size_t backlog = 1'000'000;
  double overload = 10;
  std::size_t deadline_ms = 50;
  double seconds = 10;
  bench::LatencyLoad load;
  bench::WorkloadOptions workload;
  std::string directory;
  // Of `memory`
  std::size_t memory_users = 1'000'000;
  std::size_t memory_items = 100'000;
  std::size_t events_per_user = 50;
  std::string memory_limit = "2GiB";
  std::uint64_t memory_limit_bytes = 0;
};

// What fits a worker of four shards into 2 GiB; the caller's own settings come after it and hold.
const std::vector<std::string> kSmallMemory = {
    "state.cached_users=10000",      "state.cached_items=12000",      "state.cached_lists=5000",
    "state.write_buffer_bytes=8MiB", "state.block_cache_bytes=96MiB", "epoch.dirty_bytes=16MiB",
    "worker.queued_bytes=8MiB"};

// As who has little memory does (docs/operations.md): for the workers started while it lives.
class SmallPages {
 public:
  SmallPages() : changed_(!std::getenv(kName) && ::setenv(kName, "", 0) == 0) {}
  ~SmallPages() {
    if (changed_) ::unsetenv(kName);
  }

 private:
  static constexpr const char* kName = "GLIBC_TUNABLES";
  bool changed_;
};

// Growth: as many events a user before measuring starts, so that histories are alike.
constexpr std::size_t kGrowthEventsPerUser = 10;
constexpr std::size_t kGrowthMeasured = 600'000;

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
      bench::LatencyLoad behind = load_;
      behind.backlog = options_.backlog;
      RIFFLE_RETURN_IF_ERROR(measure("backlog", run, options_.history + options_.backlog, [&](bench::Stage& stage) {
        return bench::measure_latency(stage, options_.history, behind, figures_);
      }));
      const bench::Overload flood{load_.requests_per_second * options_.overload, Milliseconds(options_.deadline_ms),
                                  load_.measured};
      RIFFLE_RETURN_IF_ERROR(measure("overload", run, options_.history, [&](bench::Stage& stage) {
        return bench::measure_overload(stage, options_.history, flood, figures_);
      }));
    }
    RIFFLE_RETURN_IF_ERROR(run_memory());
    return run_growth();
  }

  // What was measured, though a later run may have failed.
  void report() const {
    if (figures_.empty()) return;
    streams_.out << (options_.format == Format::kJson ? figures_.json(options_.workload) + "\n" : figures_.text());
  }

 private:
  bool wanted(const std::string& what) const { return options_.what == "all" || options_.what == what; }

  template <class Measure>
  absl::Status measure(const std::string& what, std::size_t run, std::size_t events, const Measure& measure) {
    if (!wanted(what)) return absl::OkStatus();
    streams_.err << what << ": run " << run << " of " << options_.runs << std::endl;
    return on_stage(what, run, events, options_.workload, options_.configuration, measure);
  }

  // These two take minutes and vary little: once, whatever --runs says.
  absl::Status run_memory() {
    if (!wanted("memory")) return absl::OkStatus();
    bench::WorkloadOptions workload = options_.workload;
    workload.users = options_.memory_users;
    workload.items = options_.memory_items;
    ConfigurationChoice small = options_.configuration;
    small.settings.insert(small.settings.begin(), kSmallMemory.begin(), kSmallMemory.end());
    const SmallPages small_pages;
    const std::size_t events = workload.users * options_.events_per_user;
    streams_.err << "memory: " << workload.users << " users, " << workload.items << " items, " << events << " events"
                 << std::endl;
    return on_stage("memory", 1, events, workload, small, [&](bench::Stage& stage) {
      return bench::measure_memory(stage, events, options_.memory_limit_bytes, figures_);
    });
  }

  absl::Status run_growth() {
    if (!wanted("growth")) return absl::OkStatus();
    const auto point = [&](const std::string& name, std::size_t users, std::size_t items) {
      bench::WorkloadOptions workload = options_.workload;
      workload.users = users;
      workload.items = items;
      const std::size_t warm = kGrowthEventsPerUser * users;
      streams_.err << "growth: " << users << " users, " << items << " items" << std::endl;
      return on_stage("growth-" + name, 1, warm + kGrowthMeasured, workload, options_.configuration,
                      [&](bench::Stage& stage) {
                        return bench::measure_growth(stage, name, warm, kGrowthMeasured, figures_);
                      });
    };
    const bench::WorkloadOptions& stated = options_.workload;
    for (const std::size_t users : {10'000, 100'000, 1'000'000})
      RIFFLE_RETURN_IF_ERROR(point(absl::StrCat("users_", users), users, stated.items));
    for (const std::size_t items : {1'000, 10'000, 100'000})
      RIFFLE_RETURN_IF_ERROR(point(absl::StrCat("items_", items), stated.users, items));
    return absl::OkStatus();
  }

  template <class Measure>
  absl::Status on_stage(const std::string& what, std::size_t run, std::size_t events, const bench::WorkloadOptions& workload,
                        const ConfigurationChoice& choice, const Measure& measure) {
    bench::StageSetup setup;
    setup.config = &config_;
    setup.choice = &choice;
    setup.bus = &bus_;
    setup.workload = workload;
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
  CLI::App* command = program.add_subcommand("bench", "Measure events, lists, latency, memory and growth through a real broker");
  const auto options = std::make_shared<Options>();
  command->add_option("WHAT", options->what, "What to measure")->required()
      ->check(CLI::IsMember({"events", "lists", "latency", "backlog", "overload", "memory", "growth", "all"}))
      ->type_name("events|lists|latency|backlog|overload|memory|growth|all");
  add_configuration_options(*command, options->configuration);
  add_format_option(*command, options->format);
  const auto count = [&](const std::string& name, std::size_t& value, const std::string& help) {
    command->add_option(name, value, help)->capture_default_str()->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}));
  };
  count("--runs", options->runs, "Of each; the median and the range are said");
  count("--events", options->events, "Of a run of `events`");
  count("--history", options->history, "Events before all but `events` are measured");
  count("--requests", options->requests, "Of the burst of `lists`");
  count("--backlog", options->backlog, "Events that wait while `backlog` measures");
  count("--deadline", options->deadline_ms, "Of each request of `overload`, in ms");
  command->add_option("--overload", options->overload, "Requests of `overload`, as a multiple of --rate")
      ->capture_default_str()->check(CLI::PositiveNumber);
  count("--users", options->workload.users, "Of the workload");
  count("--items", options->workload.items, "Of the workload");
  command->add_option("--rate", options->load.requests_per_second, "Requests a second of `latency` and `backlog`")
      ->capture_default_str()->check(CLI::PositiveNumber);
  command->add_option("--seconds", options->seconds, "That `latency`, `backlog` and `overload` measure")->capture_default_str()->check(CLI::PositiveNumber);
  command->add_option("--seed", options->workload.seed, "Of the workload")->capture_default_str();
  command->add_option("--directory", options->directory, "Where the workers' state lies meanwhile (default: the system's "
                      "directory for temporary files)")->type_name("DIR");
  count("--memory-users", options->memory_users, "Of `memory`");
  count("--memory-items", options->memory_items, "Of `memory`");
  count("--events-per-user", options->events_per_user, "Of `memory`");
  command->add_option("--memory-limit", options->memory_limit, "Of `memory`: more is an error")->capture_default_str()
      ->type_name("SIZE")->check([options](const std::string& text) -> std::string {
        const auto bytes = config::parse_bytes(text);
        return bytes && *bytes > 0 ? "" : "expected a size, as 512MiB or 2GiB";
      });
  command->callback([options, &chosen] {
    options->memory_limit_bytes = static_cast<std::uint64_t>(config::parse_bytes(options->memory_limit).value_or(0));
    chosen.action = [options](const Streams& streams) { return run(*options, streams); };
  });
}

}  // namespace riffle::app
