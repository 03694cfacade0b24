#include "app/demo/demo.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <ostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "app/demo/driver.h"
#include "app/demo/report.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "bus/kafka_bus.h"
#include "bus/local_bus.h"
#include "bus/topics.h"
#include "pipeline/worker.h"

namespace riffle::app {
namespace {

// A directory of this run's own, removed with it.
class TemporaryDirectory {
 public:
  absl::Status make() {
    std::string pattern = (std::filesystem::temp_directory_path() / "riffle-demo-XXXXXX").string();
    if (!mkdtemp(pattern.data())) return absl::UnavailableError("no temporary directory can be made: " + pattern);
    path_ = pattern;
    return absl::OkStatus();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Redraws in place on a terminal; one line a second elsewhere.
class Screen {
 public:
  Screen(std::ostream& out, bool quiet) : out_(out), quiet_(quiet), terminal_(isatty(STDOUT_FILENO) != 0) {}

  void show(const Driver& driver, const DemoArms& arms, std::size_t items) {
    if (quiet_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - shown_ < (terminal_ ? std::chrono::milliseconds(500) : std::chrono::milliseconds(5000))) return;
    shown_ = now;
    const std::string table = demo_table(driver, arms, items);
    clear();
    out_ << table << std::flush;
    lines_ = static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n'));
    drawn_ = true;
  }
  void clear() {
    if (terminal_ && drawn_) out_ << "\033[" << lines_ << "A\033[J";
    drawn_ = false;
  }

 private:
  std::ostream& out_;
  const bool quiet_;
  const bool terminal_;
  bool drawn_ = false;
  std::size_t lines_ = 0;
  std::chrono::steady_clock::time_point shown_{};
};

serving::PolicyOptions policy(const PolicyId& id, const std::string& scorer, const std::string& explorer,
                              const std::string& diversifier) {
  serving::PolicyOptions options;
  options.id = id;
  options.scorer = scorer;
  options.explorer.kind = explorer;
  options.diversifier.kind = diversifier;
  if (diversifier == "none") options.diversifier.weight = 0;
  return options;
}

pipeline::WorkerSetup worker_setup(const DemoOptions& options, const bus::TopicNames& topics, const DemoArms& arms,
                                   const simulation::ShoppersOptions& shoppers) {
  pipeline::WorkerSetup setup;
  setup.seed = options.seed;
  setup.shard.topics = topics;
  setup.shard.state.directory = options.directory + "/state";
  setup.shard.rows.types = features::default_types();
  // A fortnight passes in a minute: a list's window must close within it.
  for (features::TypeOptions& type : setup.shard.rows.types) {
    type.reward_window = std::min<Milliseconds>(type.reward_window, std::chrono::hours(12));
  }
  setup.shard.join.impression_surfaces = {shoppers.surface};
  setup.shard.policies = {policy(arms.learner, options.policy, "epsilon", "dpp"),
                          policy(arms.popularity, "popularity", "greedy", "none"),
                          policy(arms.random, "random", "uniform", "none"),
                          policy(arms.oracle, "given", "greedy", "none")};
  setup.shard.policies[0].diversifier.weight = options.diversity;
  setup.shard.policies[1].sources = {"popular"};   // what everybody buys, whoever asks
  setup.shard.policies[2].sources = {"explore"};   // anything that there is
  // Clicks come at up to a third of the slots, so expected rewards are weighed on that scale; and shoppers who are shown
  // thousands of items in a fortnight are remembered longer than the default's.
  setup.shard.policies[0].reward_ceiling = .4;
  setup.shard.policies[0].explorer.epsilon = .01;
  setup.learner.linear.half_life = std::chrono::hours(48);
  setup.shard.rows.impressions_length = 2000;
  setup.shard.rows.history_length = 400;
  // … and their tastes move within a fortnight.
  setup.shard.rows.slow_half_life = std::chrono::hours(24 * 7);
  setup.shard.rows.fast_half_life = std::chrono::hours(48);
  setup.shard.experiments.salt = absl::StrCat("demo-", options.seed);
  setup.shard.experiments.arms = {{arms.learner, .25}, {arms.popularity, .25}, {arms.random, .25}, {arms.oracle, .25}};
  return setup;
}

absl::Status wait_until_ready(const pipeline::Worker& worker, const std::function<bool()>& stop) {
  const auto began = std::chrono::steady_clock::now();
  while (!worker.ready()) {
    if (stop()) return absl::CancelledError("interrupted");
    RIFFLE_RETURN_IF_ERROR(worker.status());
    if (std::chrono::steady_clock::now() - began > std::chrono::seconds(60)) {
      return absl::DeadlineExceededError(absl::StrCat("not ready after a minute: ", worker.not_ready_because()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status run_demo(const DemoOptions& given, std::ostream& out, const std::function<bool()>& stop) {
  DemoOptions options = given;
  TemporaryDirectory temporary;
  if (options.directory.empty()) {
    RIFFLE_RETURN_IF_ERROR(temporary.make());
    options.directory = temporary.path();
  }
  const SystemClock clock;
  Metrics metrics;
  // Another namespace a run: a demonstration on a shared broker meets nobody's topics.
  bus::TopicsOptions topics;
  topics.prefix = absl::StrCat("riffle-demo-", to_ms(clock.now()), ".");
  const bus::TopicNames names(topics.prefix);

  std::unique_ptr<bus::Bus> bus;
  if (options.kafka.empty()) {
    bus::LocalBusOptions local;
    local.directory = options.directory + "/bus";
    RIFFLE_ASSIGN_OR_RETURN(bus, bus::make_local_bus(local));
  } else {
    bus::KafkaOptions kafka;
    kafka.properties["bootstrap.servers"] = options.kafka;
    RIFFLE_ASSIGN_OR_RETURN(bus, bus::make_kafka_bus(kafka));
  }
  RIFFLE_RETURN_IF_ERROR(bus->create_topics(bus::riffle_topics(topics)));

  simulation::ShopOptions shop_options;
  shop_options.seed = options.seed;
  shop_options.now = clock.now();
  simulation::ShoppersOptions shoppers;
  shoppers.seed = options.seed;
  shoppers.users = options.users;
  shoppers.end = clock.now();
  shoppers.requests = static_cast<std::size_t>(options.seconds * options.lists_per_second);
  RIFFLE_RETURN_IF_ERROR(simulation::validate(shop_options));
  RIFFLE_RETURN_IF_ERROR(simulation::validate(shoppers));
  const simulation::Shop shop(shop_options);

  const DemoArms arms;
  const pipeline::WorkerSetup setup = worker_setup(options, names, arms, shoppers);
  DriverOptions driving;
  driving.pace = std::chrono::duration<double>(options.seconds);
  driving.oracle = arms.oracle;
  Driver driver(*bus, names, shop, shoppers, setup.shard.experiments, driving);
  RIFFLE_RETURN_IF_ERROR(driver.publish_catalogue());
  RIFFLE_ASSIGN_OR_RETURN(auto worker, pipeline::Worker::start(*bus, setup, clock, metrics));
  RIFFLE_RETURN_IF_ERROR(wait_until_ready(*worker, stop));

  Screen screen(out, options.json);
  absl::Status status = driver.run([&] { return stop() || !worker->status().ok(); },
                                   [&] { screen.show(driver, arms, shop.size()); });
  if (status.ok()) status = worker->status();
  if (!worker->stop(std::chrono::seconds(30))) log::warn("the last epochs were not committed in time");
  RIFFLE_RETURN_IF_ERROR(status);
  screen.clear();
  out << (options.json ? demo_json(driver, arms, shop.size(), options.seed) + "\n" : demo_table(driver, arms, shop.size()));
  return absl::OkStatus();
}

}  // namespace riffle::app
