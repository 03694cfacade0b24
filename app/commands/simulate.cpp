#include "app/commands/simulate.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/configuration.h"
#include "app/option_types.h"
#include "app/progress.h"
#include "app/simulate/live.h"
#include "app/simulate/run.h"

namespace riffle::app {
namespace {

std::atomic<bool> interrupted{false};

struct Options {
  ConfigurationChoice configuration;
  std::vector<std::string> policies{"uniform", "popularity", "linear", "oracle"};
  std::uint64_t seeds = 1;
  SimulationDetail detail;
  LiveOptions live;
  Format format = Format::kText;
};

std::string json_of(const PerUser& figure) {
  return absl::StrFormat("{\"mean\":%.6f,\"low\":%.6f,\"high\":%.6f}", figure.mean, figure.low, figure.high);
}

// Members of the line's object, each behind a comma; those that were asked for.
std::string details_of(const SimulatedRun& run, const SimulationDetail& detail) {
  std::string slices, items;
  for (const OracleShare::Slice& of : run.slices)
    absl::StrAppendFormat(&slices, "%s{\"sessions\":%d,\"lists\":%d,\"chance\":%.6f,\"best\":%.6f}", slices.empty() ? "" : ",",
                          of.sessions, of.lists, of.chance, of.best);
  for (const ColdItem& of : run.cold_items) {
    absl::StrAppendFormat(&items, "%s{\"item\":%d,\"impressions\":%d,\"rate\":%.6f,\"estimate\":%.6f", items.empty() ? "" : ",",
                          of.item, of.impressions, of.rate, of.estimate);
    if (of.known)
      absl::StrAppendFormat(&items, ",\"known_impressions\":%d,\"known_ms\":%d", of.known->impressions, of.known->after.count());
    items += '}';
  }
  return absl::StrCat(detail.slices > 0 ? absl::StrCat(",\"slices\":[", slices, "]") : "",
                      detail.cold_items ? absl::StrCat(",\"cold_items\":[", items, "]") : "");
}

std::string json_of(const SimulatedRun& run, const SimulationDetail& detail) {
  const SimulationFigures& f = run.figures;
  std::string incidents;
  for (const auto& [kind, count] : run.incidents)
    absl::StrAppendFormat(&incidents, "%s\"%s\":%d", incidents.empty() ? "" : ",", kind, count);
  std::string segments;
  for (const auto& [name, of] : f.segments)
    absl::StrAppendFormat(&segments, "%s\"%s\":{\"lists\":%d,\"clicks\":%d,\"diversity\":%.6f,\"ild_category\":%.6f}",
                          segments.empty() ? "" : ",", name, of.lists, of.clicks, of.diversity, of.distance);
  return absl::StrFormat(
      "{\"policy\":\"%s\",\"seed\":%d,\"users\":%d,\"lists\":%d,\"clicks\":%d,\"purchases\":%d,\"earned_per_user\":%s,"
      "\"first_day_clicks_per_user\":%s,\"sessions_per_user\":%s,\"clicks_per_list\":%.6f,\"satisfaction\":%.6f,"
      "\"ild_category\":%.6f,\"ilmd_category\":%.6f,\"ild_text\":%.6f,\"ilmd_text\":%.6f,"
      "\"steps\":%d,\"events\":%d,\"version\":%d,\"seconds\":%.3f,\"incidents\":{%s},\"segments\":{%s}%s}\n",
      run.policy, run.seed, f.users, f.lists, f.clicks, f.purchases, json_of(f.earned), json_of(f.first_day_clicks),
      json_of(f.sessions), f.clicks_per_list, f.satisfaction, f.distances.category_mean, f.distances.category_smallest,
      f.distances.title_mean, f.distances.title_smallest, run.steps, run.events, run.version, run.seconds, incidents, segments,
      details_of(run, detail));
}

constexpr const char* kHeading =
    "policy            seed   lists  clicks/list  earned/user            first day  sessions  satisfied   steps/s\n";

std::string text_of(const SimulatedRun& run) {
  const SimulationFigures& f = run.figures;
  return absl::StrFormat("%-16s %5d %7d %12.3f  %7.2f (%.2f-%.2f) %12.2f %9.1f %10.2f %9s\n", run.policy, run.seed, f.lists,
                         f.clicks_per_list, f.earned.mean, f.earned.low, f.earned.high, f.first_day_clicks.mean,
                         f.sessions.mean, f.satisfaction,
                         with_commas(static_cast<std::uint64_t>(static_cast<double>(run.steps) / std::max(run.seconds, 1e-9))));
}

ExitCode run_all(const Options& options, config::Config config, const Streams& streams) {
  Progress progress(streams.err);
  bool headed = options.format == Format::kJson;
  const std::uint64_t first = config.simulation.seed;
  for (std::uint64_t seed = first; seed < first + options.seeds; ++seed) {
    config.simulation.seed = seed;
    for (const std::string& policy : options.policies) {
      const auto run = simulate(config, policy, [] { return interrupted.load(); }, [&](double fraction) {
        if (progress.due()) progress.show(absl::StrFormat("%s, seed %d: %.0f %%", policy, seed, 100 * fraction));
      }, options.detail);
      progress.clear();
      if (!run.ok()) {
        streams.err << "riffle: " << run.status().message() << '\n';
        return absl::IsInvalidArgument(run.status()) ? ExitCode::kUsage : ExitCode::kFailed;
      }
      if (!headed) streams.out << kHeading;
      headed = true;
      streams.out << (options.format == Format::kJson ? json_of(*run, options.detail) : text_of(*run)) << std::flush;
    }
  }
  return ExitCode::kOk;
}

ExitCode simulate(const Options& options, const Streams& streams) {
  const auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  std::signal(SIGINT, [](int) { interrupted = true; });
  std::signal(SIGTERM, [](int) { interrupted = true; });
  const absl::Status valid = simulation::validate(config->simulation);
  if (!valid.ok()) {
    streams.err << valid.message() << '\n';
    return ExitCode::kUsage;
  }
  if (options.configuration.kafka.empty() && options.configuration.local.empty())
    return run_all(options, *config, streams);
  LiveOptions live = options.live;
  live.json = options.format == Format::kJson;
  const absl::Status status = simulate_live(*config, live, streams.out, streams.err, [] { return interrupted.load(); });
  return status.ok() ? ExitCode::kOk : fail(streams, status, Origin::kBus);
}

}  // namespace

void add_simulate(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "simulate", "Policies in a simulated world of users who choose, tire, leave and come back: in this process, or over the "
                  "topics of a Riffle");
  const auto options = std::make_shared<Options>();
  options->configuration.log_level = "warn";
  add_configuration_options(*command, options->configuration);
  command->add_option("-p,--policies", options->policies,
                      "By name: of the configuration, or a scorer's, or uniform, or oracle (who knows the users; one step ahead)")
      ->delimiter(',')->capture_default_str();
  command->add_option("--seeds", options->seeds, "Worlds: those of simulation.seed and the seeds after it")
      ->check(CLI::Range(1, 1'000'000))->capture_default_str();
  command->add_option("--seconds", options->live.seconds, "With --kafka or --local: wall time that the span takes")
      ->check(CLI::Range(1.0, 86400.0))->capture_default_str();
  command->add_option("--slices", options->detail.slices,
                      "With --format json: for each of so many parts of the span, what the lists are worth against the oracle's")
      ->check(CLI::Range(0, 10'000))->capture_default_str();
  command->add_flag("--cold-items", options->detail.cold_items,
                    "With --format json: for each item that comes within the span, its true rate and the impressions until it is known");
  add_format_option(*command, options->format);
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return simulate(*options, streams); };
  });
}

}  // namespace riffle::app
