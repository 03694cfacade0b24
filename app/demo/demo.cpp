#include "app/demo/demo.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "app/demo/driver.h"
#include "app/demo/report.h"
#include "app/system.h"
#include "app/temporary_directory.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "config/config.h"
#include "pipeline/worker.h"
#include "simulation/shoppers.h"

namespace riffle::app {
namespace {

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

config::Config configuration(const DemoOptions& options, const std::string& prefix, const DemoArms& arms,
                             const simulation::ShoppersOptions& shoppers) {
  config::Config config;
  if (options.kafka.empty()) {
    config.local.directory = options.directory + "/bus";
  } else {
    config.kafka["bootstrap.servers"] = options.kafka;
  }
  config.topics.prefix = prefix;
  config.state.directory = options.directory + "/state";
  // A fortnight passes in a minute: a list's window must close within it.
  for (features::TypeOptions& type : config.rows.types) {
    type.reward_window = std::min<Milliseconds>(type.reward_window, std::chrono::hours(12));
  }
  config.join.impression_surfaces = {shoppers.surface};
  config.policies = {policy(arms.learner, options.policy, options.explorer, "dpp"),
                     policy(arms.popularity, "popularity", "greedy", "none"),
                     policy(arms.random, "random", "uniform", "none"),
                     policy(arms.oracle, "given", "greedy", "none")};
  config.policies[0].diversifier.weight = options.diversity;
  config.policies[1].sources = {"popular"};   // what everybody buys, whoever asks
  config.policies[2].sources = {"explore"};   // anything that there is
  // Clicks come at up to a third of the slots, so expected rewards are weighed on that scale; and shoppers who are shown
  // thousands of items in a fortnight are remembered longer than the default's.
  config.policies[0].reward_ceiling = .4;
  config.policies[0].explorer.epsilon = .01;
  config.learner.linear.half_life = std::chrono::hours(48);
  config.learner.logistic.half_life = std::chrono::hours(48);
  config.learner.linear_arms.half_life = config.learner.arms.half_life = std::chrono::hours(48);
  config.rows.impressions_length = 2000;
  config.rows.history_length = 400;
  // … and their tastes move within a fortnight.
  config.rows.slow_half_life = std::chrono::hours(24 * 7);
  config.rows.fast_half_life = std::chrono::hours(48);
  config.learner.sequence.encoder = options.encoder;
  config.learner.sequence.publish_interval = std::chrono::seconds(2);
  config.experiments.salt = absl::StrCat("demo-", options.seed);
  config.experiments.arms = {{arms.learner, .25}, {arms.popularity, .25}, {arms.random, .25}, {arms.oracle, .25}};
  return config;
}

// What `riffle replay --config` and `riffle get --config` take, where the demonstration is kept.
absl::Status write_configuration(const config::Config& config, const std::string& directory) {
  std::error_code ignored;  // the file says it
  std::filesystem::create_directories(directory, ignored);
  const std::string file = directory + "/riffle.yaml";
  std::ofstream out(file);
  out << config::to_yaml(config);
  return out.flush() ? absl::OkStatus() : absl::UnavailableError("cannot write " + file);
}

}  // namespace

absl::Status run_demo(const DemoOptions& given, std::ostream& out, const std::function<bool()>& stop) {
  DemoOptions options = given;
  TemporaryDirectory temporary;
  if (options.directory.empty()) {
    RIFFLE_RETURN_IF_ERROR(temporary.make("riffle-demo"));
    options.directory = temporary.path();
  }
  const SystemClock clock;
  Metrics metrics;
  // Another namespace a run: a demonstration on a shared broker meets nobody's topics.
  bus::TopicsOptions topics;
  topics.prefix = absl::StrCat("riffle-demo-", to_ms(clock.now()), ".");
  const bus::TopicNames names(topics.prefix);

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
  const config::Config config = configuration(options, topics.prefix, arms, shoppers);
  RIFFLE_ASSIGN_OR_RETURN(const auto bus, make_bus(config));
  RIFFLE_RETURN_IF_ERROR(bus->create_topics(bus::riffle_topics(config.topics)));
  if (!given.directory.empty())
    RIFFLE_RETURN_IF_ERROR(write_configuration(config, options.directory));
  pipeline::WorkerSetup setup = worker_setup(config);
  setup.seed = options.seed;
  DriverOptions driving;
  driving.pace = std::chrono::duration<double>(options.seconds);
  driving.oracle = arms.oracle;
  simulation::Shoppers population(shop, shoppers);
  Driver driver(*bus, names, population, setup.shard.experiments, driving);
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
