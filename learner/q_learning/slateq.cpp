#include "learner/q_learning/slateq.h"

#include "absl/status/status.h"
#include "base/errors.h"
#include "features/feature_vector.h"
#include "learner/q_learning/slate_scorer.h"

namespace riffle::learner {
namespace {

QNumbers first_numbers(const SlateQOptions& options) {
  const network::SlateShape shape = settings_of(options).shape;
  QNumbers numbers(shape.parameters());
  Rng rng(options.seed);
  draw_first_numbers(shape.part(), rng, numbers.online, shape.choice());
  draw_first_numbers(shape.part(), rng, numbers.online, shape.value());
  draw_first_numbers(shape.part(), rng, numbers.online, shape.advantage());
  numbers.target = numbers.online;
  return numbers;
}

network::SlateSettings::Target target_of(SlateTarget target) {
  switch (target) {
    case SlateTarget::kTopK: return network::SlateSettings::kTopK;
    case SlateTarget::kGreedy: return network::SlateSettings::kGreedy;
    case SlateTarget::kSarsa: break;
  }
  return network::SlateSettings::kSarsa;
}

}  // namespace

network::SlateSettings settings_of(const SlateQOptions& options) {
  network::SlateSettings settings;
  settings.shape = {features::kFeatureCount + 1, static_cast<std::uint32_t>(options.hidden_1),
                    static_cast<std::uint32_t>(options.hidden_2)};
  settings.target = target_of(options.target);
  settings.learning_rate = static_cast<float>(options.learning_rate);
  settings.target_rate = static_cast<float>(options.target_rate);
  settings.huber = static_cast<float>(options.huber);
  settings.largest_gradient = static_cast<float>(options.largest_gradient);
  settings.advantage_decay = static_cast<float>(options.advantage_decay);
  return settings;
}

SlateQTrainer::SlateQTrainer(const SlateQOptions& options, std::unique_ptr<Network> network)
    : ReplayTrainer("slateq", options, settings_of(options).shape.part(), first_numbers(options), std::move(network)),
      options_(options) {}

absl::StatusOr<network::StepResult> SlateQTrainer::step_on(std::span<const Replay::Drawn> drawn) {
  batch_.fill(replay_.buffer(), drawn, options_);
  errors_.resize(batch_.rows());
  return network_->step(batch_.view(), errors_);
}

std::shared_ptr<const Scorer> SlateQTrainer::scorer() {
  return std::make_shared<const SlateScorer>(settings_of(options_).shape, read().target, options_.slate);
}

absl::StatusOr<std::unique_ptr<Trainer>> make_slateq_trainer(const SlateQOptions& options, const NetworkOptions& network) {
  RIFFLE_RETURN_IF_ERROR(check(options, "slateq"));
  if (!(options.advantage_decay >= 0 && options.advantage_decay * options.learning_rate < 1))
    return absl::InvalidArgumentError("slateq: advantage_decay must not be negative, and times learning_rate below 1");
  RIFFLE_ASSIGN_OR_RETURN(auto made, open_network("slateq", settings_of(options), network));
  return std::make_unique<SlateQTrainer>(options, std::move(made));
}

}  // namespace riffle::learner
