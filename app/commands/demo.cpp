#include "app/commands/demo.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/demo/demo.h"
#include "app/option_types.h"
#include "base/log.h"

namespace riffle::app {
namespace {

std::atomic<bool> interrupted{false};

ExitCode demo(const DemoOptions& options, const std::string& log_level, const Streams& streams) {
  init_log(log_level);
  std::signal(SIGINT, [](int) { interrupted = true; });
  std::signal(SIGTERM, [](int) { interrupted = true; });
  const absl::Status status = run_demo(options, streams.out, [] { return interrupted.load(); });
  return status.ok() ? ExitCode::kOk : fail(streams, status, Origin::kBus);
}

}  // namespace

void add_demo(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand("demo", "Simulated shoppers against the whole pipeline: learner, popularity, "
                                                     "random and oracle side by side");
  const auto options = std::make_shared<DemoOptions>();
  const auto format = std::make_shared<Format>(Format::kText);
  const auto log_level = std::make_shared<std::string>("warn");
  command->add_option("--seconds", options->seconds, "Wall time that the simulated fortnight takes")
      ->check(CLI::Range(1.0, 86400.0))->capture_default_str();
  command->add_option("--seed", options->seed, "Decides shop, shoppers and exploration")->capture_default_str();
  command->add_option("--rate", options->lists_per_second, "Lists a second that the shoppers ask for")
      ->check(CLI::Range(1.0, 1e6))->capture_default_str();
  command->add_option("--users", options->users, "Shoppers")->check(CLI::Range(8, 1'000'000))->capture_default_str();
  command->add_option("--policy", options->policy, "Scorer of the learner's arm")
      ->check(CLI::IsMember({"linear", "logistic", "neural_linear", "multi_task", "linear_arms", "arms", "q_table", "dqn",
                             "slateq"}))
      ->capture_default_str();
  command->add_option("--explorer", options->explorer, "How the learner's arm explores")
      ->check(CLI::IsMember({"greedy", "epsilon", "squarecb", "softmax", "thompson", "regcb", "ucb1"}))
      ->capture_default_str();
  command->add_option("--encoder", options->encoder, "Of shoppers' histories: learns beside the policies, and is one more source")
      ->check(CLI::IsMember({"none", "mean", "gru", "attention"}))
      ->capture_default_str();
  command->add_option("--diversity", options->diversity, "The learner's weight of diversity against expected reward")
      ->check(CLI::Range(0.0, 10.0))->capture_default_str();
  command->add_option("--kafka", options->kafka, "Through this broker instead of the local bus")->type_name("HOST:PORT");
  command->add_option("--dir", options->directory, "Keep bus and state here; without it they are temporary");
  command->add_option("--log-level", *log_level, "trace, debug, info, warn, error or off")->capture_default_str();
  add_format_option(*command, *format);
  command->callback([options, format, log_level, &chosen] {
    options->json = *format == Format::kJson;
    chosen.action = [options, log_level](const Streams& streams) { return demo(*options, *log_level, streams); };
  });
}

}  // namespace riffle::app
