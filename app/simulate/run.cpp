#include "app/simulate/run.h"

#include <algorithm>
#include <chrono>

#include "app/simulate/in_process.h"
#include "base/errors.h"
#include "base/hash.h"
#include "features/event_types.h"
#include "simulation/customers.h"

namespace riffle::app {
namespace {

using Steady = std::chrono::steady_clock;
using simulation::World;

constexpr std::uint64_t kBetweenNews = 1024;  // lists

double reward_of(const config::Config& config, std::string_view type) {
  for (const features::TypeOptions& one : config.rows.types)
    if (one.name == type) return one.reward;
  return 0;
}

Tally tally_of(const config::Config& config, const World& world) {
  return Tally(world, reward_of(config, "click"), reward_of(config, "purchase"));
}

// Asks now and then whether to go on, and says how far it is.
class Watch {
 public:
  Watch(const World& world, const std::function<bool()>& stop, const std::function<void(double)>& progress)
      : world_(world), stop_(stop), progress_(progress) {}

  bool stopped(std::uint64_t lists) {
    if (lists % kBetweenNews != 0) return false;
    progress_(std::chrono::duration<double>(world_.now() - world_.start()) / world_.options().span);
    return stop_();
  }
  double seconds() const { return std::chrono::duration<double>(Steady::now() - began_).count(); }

 private:
  const World& world_;
  const std::function<bool()>& stop_;
  const std::function<void(double)>& progress_;
  const Steady::time_point began_ = Steady::now();
};

void draw_list(std::span<const std::uint32_t> items, std::size_t n, Rng& rng, std::vector<std::uint32_t>& list) {
  list.clear();
  n = std::min(n, items.size());
  while (list.size() < n) {
    const std::uint32_t item = items[rng.below(items.size())];
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  }
}

absl::Status run_on_world(const config::Config& config, bool oracle, const std::function<bool()>& stop,
                          const std::function<void(double)>& progress, const SimulationDetail& detail, SimulatedRun& run) {
  World world(config.simulation, kSimulationStart);
  Tally tally = tally_of(config, world);
  OracleShare share(world, detail.slices);
  Rng rng(stable_hash("uniform", config.simulation.seed));
  std::vector<std::uint32_t> list;
  Watch watch(world, stop, progress);
  while (const auto due = world.next()) {
    if (due->kind == World::Kind::kPurchase) tally.on_purchase(due->user);
    if (due->kind != World::Kind::kVisit) continue;
    if (oracle) {
      world.best_list(due->user, config.simulation.list_length, list);
    } else {
      draw_list(world.available(), config.simulation.list_length, rng, list);
    }
    tally.measure(list);
    share.on_list(due->user, list);
    const World::Reply reply = world.answer(due->user, list);
    tally.on_list(due->user, due->at, reply.taken >= 0);
    if (watch.stopped(++run.steps)) return absl::CancelledError("interrupted");
  }
  run.seconds = watch.seconds();
  run.figures = tally.figures();
  run.slices = share.slices();
  return absl::OkStatus();
}

absl::Status run_riffle(const config::Config& config, const serving::PolicyOptions& policy,
                        const std::function<bool()>& stop, const std::function<void(double)>& progress,
                        const SimulationDetail& detail, SimulatedRun& run) {
  simulation::Customers customers(config.simulation, kSimulationStart);
  const World& world = customers.world();
  RIFFLE_ASSIGN_OR_RETURN(const auto riffle, InProcess::create(config, policy, config.simulation.seed));
  Tally tally = tally_of(config, world);
  Watch watch(world, stop, progress);
  for (const records::Item& item : customers.opening()) riffle->add(item, kSimulationStart);
  OracleShare share(world, detail.slices);
  ColdItems cold(world, detail.cold_items);
  std::vector<std::uint32_t> items;
  std::vector<double> scores;
  std::uint64_t purchases = 0;
  while (const auto step = customers.next()) {
    for (const records::Item& item : step->items) riffle->add(item, step->at);
    for (const simulation::EventRecord& event : step->events) riffle->on_event(event);
    if (customers.counts().purchases > purchases) {
      purchases = customers.counts().purchases;
      tally.on_purchase(*customers.find(step->events.front().user_id));
    }
    if (!step->request) continue;
    const records::Recommendation list = riffle->list(*step->request);
    run.version = list.policy_version;
    items.clear();
    scores.clear();
    for (const auto& item : list.items) {
      const auto known = world.shop().find(item.item_id);
      if (!known) continue;
      items.push_back(static_cast<std::uint32_t>(*known));
      scores.push_back(item.score);
    }
    const std::uint32_t user = *customers.find(list.user_id);
    tally.measure(items);
    share.on_list(user, items);
    cold.on_list(user, items, scores);
    const simulation::Visit visit = customers.on_list(list);
    tally.on_list(user, step->at, visit.clicks > 0);
    tally.on_segment(user, riffle->segment(), riffle->diversity(), items, visit.clicks > 0);
    for (const simulation::EventRecord& event : visit.events) riffle->on_event(event);
    if (watch.stopped(++run.steps)) return absl::CancelledError("interrupted");
  }
  run.seconds = watch.seconds();
  run.events = customers.counts().events;
  run.figures = tally.figures();
  run.slices = share.slices();
  run.cold_items = cold.items();
  if (riffle->trainer() == nullptr) return absl::OkStatus();
  for (const learner::TrainerIncident& incident : riffle->trainer()->incidents())
    if (incident.count > 0) run.incidents.emplace_back(std::string(incident.kind), incident.count);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<serving::PolicyOptions> simulated_policy(const config::Config& config, const std::string& name) {
  for (const serving::PolicyOptions& policy : config.policies)
    if (policy.id.str() == name) return policy;
  serving::PolicyOptions policy;
  policy.id = PolicyId(name);
  policy.scorer = name;
  RIFFLE_RETURN_IF_ERROR(learner::make_scorer(name, "", config.learner).status());
  return policy;
}

absl::StatusOr<SimulatedRun> simulate(const config::Config& config, const std::string& policy,
                                      const std::function<bool()>& stop, const std::function<void(double)>& progress,
                                      const SimulationDetail& detail) {
  RIFFLE_RETURN_IF_ERROR(simulation::validate(config.simulation));
  SimulatedRun run;
  run.policy = policy;
  run.seed = config.simulation.seed;
  if (policy == "uniform" || policy == "oracle") {
    RIFFLE_RETURN_IF_ERROR(run_on_world(config, policy == "oracle", stop, progress, detail, run));
    return run;
  }
  RIFFLE_ASSIGN_OR_RETURN(const serving::PolicyOptions options, simulated_policy(config, policy));
  RIFFLE_RETURN_IF_ERROR(run_riffle(config, options, stop, progress, detail, run));
  return run;
}

}  // namespace riffle::app
