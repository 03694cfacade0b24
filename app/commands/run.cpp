#include "app/commands/run.h"

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <ostream>
#include <thread>

#include "app/configuration.h"
#include "app/metric_text.h"
#include "app/option_types.h"
#include "app/service.h"
#include "app/system.h"
#include "base/log.h"

namespace riffle::app {
namespace {

// Epochs, batches and RocksDB's writes take and give back buffers of megabytes all the time. glibc would give those pages to
// the system and fault them in anew: a tenth of the CPU time of catching up. It keeps them instead.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);   // the most it takes
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

constexpr Milliseconds kLook{200};         // between two looks at how the service is doing
constexpr std::chrono::seconds kNews{10};  // between two lines about its pace

struct Options {
  ConfigurationChoice configuration;
  std::optional<Milliseconds> grace = Milliseconds(std::chrono::seconds(30));
  bool rebuild = false;
  std::string on_lost_offset;  // empty: as configured
};

// "1200.0 events/s, 14.2 lists/s, 0 waiting", where anything happened since the last time.
class Pace {
 public:
  void say(Service& service, std::chrono::steady_clock::time_point now) {
    const std::string page = service.metrics_page();
    const double events = metric_sum(page, "riffle_events_consumed_total");
    const double lists = metric_sum(page, "riffle_event_to_list_seconds_count");
    const double waiting = metric_sum(page, "riffle_consumer_lag");
    const double seconds = std::chrono::duration<double>(now - at_).count();
    if (events > events_ || lists > lists_ || waiting > 0) {
      log::info("{:.1f} events/s, {:.1f} lists/s, {:.0f} events waiting",
                (events - events_) / seconds, (lists - lists_) / seconds, waiting);
    }
    events_ = events, lists_ = lists, at_ = now;
  }

 private:
  double events_ = 0, lists_ = 0;
  std::chrono::steady_clock::time_point at_ = std::chrono::steady_clock::now();
};

// One thread: signals and timers. The stop itself waits, so it has a thread of its own, and a
// second signal is heard.
class Runner {
 public:
  Runner(Service& service, Milliseconds grace)
      : service_(service),
        grace_(grace),
        signals_(context_, SIGINT, SIGTERM),
        timer_(context_),
        because_(service.not_ready_because()) {}

  ExitCode run(const Streams& streams) {
    await_signal();
    look();
    context_.run();
    if (stopping_.joinable()) stopping_.join();
    if (end_) return fail(streams, end_->status, end_->origin);
    return all_committed_ ? ExitCode::kOk : ExitCode::kFailed;
  }

 private:
  void await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (stopping_.joinable()) {
        log::warn("stopped at once; what is not committed is applied again at the next start");
        std::_Exit(128 + signal);
      }
      log::info("stopping: committing what was applied, at most {} s; once more to stop at once",
                grace_.count() / 1000);
      stop();
      await_signal();
    });
  }

  void stop() {
    timer_.cancel();
    stopping_ = std::thread([this] {
      all_committed_ = service_.stop(grace_);
      if (!all_committed_)
        log::error(
            "the bus did not take everything in time; the rest is in the journal and leaves at the "
            "next start");
      boost::asio::post(context_, [this] { context_.stop(); });
    });
  }

  void look() {
    const auto now = std::chrono::steady_clock::now();
    if (const std::string because = service_.not_ready_because(); because != because_) {
      because.empty() ? log::info("ready") : log::info("not ready: {}", because);
      because_ = because;
    }
    if (now - news_ >= kNews) {
      pace_.say(service_, now);
      news_ = now;
    }
    if ((end_ = service_.ended())) return stop();
    timer_.expires_after(kLook);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error && !stopping_.joinable()) look();
    });
  }

  Service& service_;
  const Milliseconds grace_;
  boost::asio::io_context context_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  std::thread stopping_;
  bool all_committed_ = true;  // the stopping thread's, read after its end
  std::optional<Service::End> end_;
  std::string because_;  // as it was said last
  Pace pace_;
  std::chrono::steady_clock::time_point news_ = std::chrono::steady_clock::now();
};

ExitCode run(const Options& options, const Streams& streams) {
  auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  keep_freed_memory();
  if (options.rebuild) config->worker.rebuild = true;
  if (!options.on_lost_offset.empty()) {
    config->worker.on_lost_offset = options.on_lost_offset == "earliest"
                                        ? pipeline::LostOffset::kEarliest
                                        : pipeline::LostOffset::kStop;
  }
  auto bus = make_bus(*config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  const SystemClock clock;
  Metrics metrics;
  auto service = Service::start(**bus, worker_setup(*config), config->http, clock, metrics);
  if (!service.ok()) {
    streams.err << "riffle: " << service.status().message() << '\n';
    return ExitCode::kFailed;
  }
  if ((*service)->port() != 0)
    log::info("pages on http://{}:{}/", config->http.address, (*service)->port());
  return Runner(**service, *options.grace).run(streams);
}

}  // namespace

void add_run(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "run", "Run a worker: read events and requests, publish recommendations");
  const auto options = std::make_shared<Options>();
  add_configuration_options(*command, options->configuration);
  add_duration_option(*command, "--grace", options->grace,
                      "How long a stop waits for the bus (default 30s)");
  command->add_flag("--rebuild", options->rebuild,
                    "A shard whose state is lost reads all events again (worker.rebuild)");
  command
      ->add_option("--on-lost-offset", options->on_lost_offset,
                   "Where records left the log before they were applied: stop, or go on at the "
                   "earliest and lose them")
      ->check(CLI::IsMember({"stop", "earliest"}))
      ->type_name("stop|earliest");
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return run(*options, streams); };
  });
}

}  // namespace riffle::app
