#include "learner/q_learning/dqn.h"

#include <cmath>

#include "absl/status/status.h"
#include "base/errors.h"
#include "learner/q_learning/q_scorer.h"

namespace riffle::learner {
network::Settings settings_of(const DqnOptions& options) {
  network::Settings settings;
  settings.shape = {features::kFeatureCount + 1, static_cast<std::uint32_t>(options.hidden_1),
                    static_cast<std::uint32_t>(options.hidden_2), options.duelling};
  settings.double_q = options.double_q;
  settings.learning_rate = static_cast<float>(options.learning_rate);
  settings.target_rate = static_cast<float>(options.target_rate);
  settings.huber = static_cast<float>(options.huber);
  settings.largest_gradient = static_cast<float>(options.largest_gradient);
  settings.conservative = static_cast<float>(options.conservative);
  return settings;
}

DqnOptions plain_dqn(const ReplayedOptions& options) {
  DqnOptions dqn;
  static_cast<ReplayedOptions&>(dqn) = options;
  dqn.double_q = dqn.duelling = false;
  return dqn;
}

DqnTrainer::DqnTrainer(const DqnOptions& options, std::unique_ptr<Network> network)
    : ReplayTrainer("dqn", options, settings_of(options).shape,
                    first_numbers(settings_of(options).shape, options.seed), std::move(network)),
      options_(options) {}

absl::StatusOr<network::StepResult> DqnTrainer::step_on(std::span<const Replay::Drawn> drawn) {
  batch_.fill(replay_.buffer(), drawn, options_);
  errors_.resize(batch_.rows());
  return network_->step(batch_.view(), errors_);
}

std::shared_ptr<const Scorer> DqnTrainer::scorer() {
  return std::make_shared<const QScorer>(settings_of(options_).shape, read().online, options_.discount > 0);
}

absl::StatusOr<std::unique_ptr<Trainer>> make_dqn_trainer(const DqnOptions& options, const NetworkOptions& network) {
  RIFFLE_RETURN_IF_ERROR(check(options, "dqn"));
  if (!(options.conservative >= 0 && std::isfinite(options.conservative)))
    return absl::InvalidArgumentError("dqn: conservative must not be negative");
  RIFFLE_ASSIGN_OR_RETURN(auto made, open_network("dqn", settings_of(options), network));
  return std::make_unique<DqnTrainer>(options, std::move(made));
}

}  // namespace riffle::learner
