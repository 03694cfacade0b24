#include "app/simulate/live.h"

#include <chrono>
#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/demo/driver.h"
#include "app/demo/report.h"
#include "app/progress.h"
#include "app/system.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "pipeline/worker.h"
#include "simulation/customers.h"

namespace riffle::app {
namespace {

constexpr std::chrono::seconds kUntilStopped(30);

std::string text_of(const Driver& driver) {
  const DriverFigures& figures = driver.figures();
  std::string text = absl::StrFormat("%-16s %10s %10s %22s\n", "policy", "slots", "clicks", "clicks a slot");
  for (const PolicyId& arm : driver.rates().arms()) {
    const simulation::Estimate rate = driver.rates().ctr(arm);
    absl::StrAppendFormat(&text, "%-16s %10d %10d %8.4f (%.4f-%.4f)\n", arm.str(), rate.slots, rate.clicks, rate.mean,
                          rate.low, rate.high);
  }
  const Latency latency = latency_of(figures.latency_ms);
  absl::StrAppendFormat(&text, "%d lists, %d events, %d purchases in %.1f s; a list took %.1f ms (p50), %.1f ms (p99)\n",
                        figures.lists, figures.events, driver.counts().purchases, figures.seconds, latency.p50_ms,
                        latency.p99_ms);
  return text;
}

std::string json_of(const Driver& driver, std::uint64_t seed) {
  const DriverFigures& figures = driver.figures();
  std::string json = absl::StrFormat("{\"seed\":%d,\"policies\":{", seed);
  const char* comma = "";
  for (const PolicyId& arm : driver.rates().arms()) {
    const simulation::Estimate rate = driver.rates().ctr(arm);
    absl::StrAppendFormat(&json, "%s\"%s\":{\"slots\":%d,\"clicks\":%d,\"users\":%d,\"ctr\":%.6f,\"low\":%.6f,\"high\":%.6f}",
                          comma, arm.str(), rate.slots, rate.clicks, rate.users, rate.mean, rate.low, rate.high);
    comma = ",";
  }
  const Latency latency = latency_of(figures.latency_ms);
  absl::StrAppendFormat(&json,
                        "},\"lists\":%d,\"events\":%d,\"purchases\":%d,\"seconds\":%.3f,\"simulated_fraction\":%.4f,"
                        "\"latency_ms\":{\"p50\":%.3f,\"p99\":%.3f}}\n",
                        figures.lists, figures.events, driver.counts().purchases, figures.seconds, figures.fraction,
                        latency.p50_ms, latency.p99_ms);
  return json;
}

}  // namespace

absl::Status simulate_live(const config::Config& config, const LiveOptions& options, std::ostream& out, std::ostream& err,
                           const std::function<bool()>& stop) {
  RIFFLE_RETURN_IF_ERROR(simulation::validate(config.simulation));
  const SystemClock clock;
  Metrics metrics;
  RIFFLE_ASSIGN_OR_RETURN(const auto bus, make_bus(config));
  const bus::TopicNames names = topic_names(config);
  simulation::Customers customers(config.simulation, clock.now() - config.simulation.span);
  DriverOptions driving;
  driving.pace = std::chrono::duration<double>(options.seconds);
  std::unique_ptr<pipeline::Worker> worker;
  pipeline::WorkerSetup setup = worker_setup(config);
  if (!config.uses_kafka()) {
    RIFFLE_RETURN_IF_ERROR(bus->create_topics(bus::riffle_topics(config.topics)));
  }
  Driver driver(*bus, names, customers, setup.shard.experiments, driving);
  RIFFLE_RETURN_IF_ERROR(driver.publish_catalogue());
  if (!config.uses_kafka()) {
    setup.seed = config.simulation.seed;
    RIFFLE_ASSIGN_OR_RETURN(worker, pipeline::Worker::start(*bus, setup, clock, metrics));
    RIFFLE_RETURN_IF_ERROR(wait_until_ready(*worker, stop));
  }
  Progress progress(err);
  absl::Status status = driver.run([&] { return stop() || (worker && !worker->status().ok()); }, [&] {
    if (progress.due())
      progress.show(absl::StrFormat("%.0f %%, %s lists", 100 * driver.figures().fraction, with_commas(driver.figures().lists)));
  });
  progress.clear();
  if (worker) {
    if (status.ok()) status = worker->status();
    if (!worker->stop(kUntilStopped)) log::warn("the last epochs were not committed in time");
  }
  RIFFLE_RETURN_IF_ERROR(status);
  out << (options.json ? json_of(driver, config.simulation.seed) : text_of(driver));
  return absl::OkStatus();
}

}  // namespace riffle::app
