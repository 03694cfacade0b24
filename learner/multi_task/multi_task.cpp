#include "learner/multi_task/multi_task.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "learner/q_learning/dqn.h"

namespace riffle::learner {
namespace {

using network::Head;

// Of clicks, of purchases among them, of full dwells and of coming back, before anything is learned: what lists have, more or less.
// The nearer the truth, the fewer steps go into finding it.
constexpr double kFirstRate = .05;
static_assert(kMostExpertUnits <= network::kWidestLayer);

network::Shape layers_of(const network::MultiTaskShape& shape) { return {shape.inputs, shape.hidden, shape.width, false}; }

}  // namespace

network::MultiTaskSettings settings_of(const MultiTaskOptions& options) {
  network::MultiTaskSettings settings;
  settings.shape = {features::kFeatureCount + 1, static_cast<std::uint32_t>(options.hidden_1),
                    static_cast<std::uint32_t>(options.experts), static_cast<std::uint32_t>(options.hidden_2), heads_of(options)};
  settings.learning_rate = static_cast<float>(options.learning_rate);
  settings.target_rate = static_cast<float>(options.target_rate);
  settings.huber = static_cast<float>(options.huber);
  settings.largest_gradient = static_cast<float>(options.largest_gradient);
  return settings;
}

QNumbers first_numbers(const network::MultiTaskShape& shape, std::uint64_t seed) {
  QNumbers numbers(shape.parameters());
  Rng rng(seed);
  draw_first_numbers({shape.inputs, shape.hidden, shape.mixed(), false}, rng, numbers.online, 0);  // the first two layers lie alike
  const auto first_odds = static_cast<float>(std::log(kFirstRate / (1 - kFirstRate)));
  std::fill_n(numbers.online.begin() + static_cast<std::ptrdiff_t>(shape.b()), shape.place(network::kOther), first_odds);
  numbers.target = numbers.online;
  return numbers;
}

MultiTaskTrainer::MultiTaskTrainer(const MultiTaskOptions& options, std::unique_ptr<Network> network)
    : ReplayTrainer("multi_task", options, layers_of(settings_of(options).shape),
                    first_numbers(settings_of(options).shape, options.seed), std::move(network)),
      options_(options),
      shape_(settings_of(options).shape),
      step_options_(plain_dqn(options)) {}

absl::StatusOr<network::StepResult> MultiTaskTrainer::step_on(std::span<const Replay::Drawn> drawn) {
  batch_.fill(replay_.buffer(), drawn, step_options_);
  labels_.clear();
  std::size_t slot = 0;
  std::int64_t before = -1;
  for (const std::int64_t index : batch_.row_decision()) {
    slot = index == before ? slot + 1 : 0;
    before = index;
    const HeadValues labels = labels_of(replay_.buffer().at(drawn[static_cast<std::size_t>(index)].place), slot, options_);
    for (std::uint32_t head = 0; head < network::kHeads; ++head)
      if (shape_.has(static_cast<Head>(head))) labels_.push_back(labels[head]);
  }
  const network::Batch rows = batch_.view();
  errors_.resize(batch_.rows());
  return network_->step(network::MultiTaskBatch{rows.rows, rows.row_features, rows.row_weight, labels_.data()}, errors_);
}

std::shared_ptr<const Scorer> MultiTaskTrainer::scorer() {
  auto pass = std::make_shared<const MultiTaskPass>(shape_, read().online);
  return std::make_shared<const MultiTaskScorer>(std::move(pass), factors_of(options_));
}

std::string MultiTaskTrainer::save() const {
  pb::DqnState saved = state();
  saved.mutable_multi_task()->set_experts(shape_.experts);
  saved.mutable_multi_task()->set_heads(shape_.heads);
  return serialize(std::move(saved));
}

absl::Status MultiTaskTrainer::load(std::string_view bytes) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::DqnState loaded, parse_q_state(bytes, "multi_task"));
  const network::MultiTaskShape shape = multi_task_shape_of(loaded);
  if (shape.experts != shape_.experts || shape.heads != shape_.heads)
    return absl::FailedPreconditionError(
        absl::StrCat("multi_task state has ", shape.experts, " experts and the heads ", names_of(shape.heads),
                     "; the configuration has ", shape_.experts, " and ", names_of(shape_.heads)));
  return ReplayTrainer::load(bytes);
}

absl::StatusOr<std::unique_ptr<Trainer>> make_multi_task_trainer(const MultiTaskOptions& options, const NetworkOptions& network) {
  RIFFLE_RETURN_IF_ERROR(check(options, "multi_task"));
  if (options.experts == 0 || options.experts > kMostExperts || options.experts * options.hidden_2 > kMostExpertUnits)
    return absl::InvalidArgumentError(absl::StrCat("multi_task: 1 to ", kMostExperts, " experts, of at most ", kMostExpertUnits,
                                                   " units together (hidden_2)"));
  if (options.full_dwell.count() <= 0) return absl::InvalidArgumentError("multi_task: full_dwell must be above 0");
  if (!all_finite(factors_of(options))) return absl::InvalidArgumentError("multi_task: weights and rewards must be finite");
  RIFFLE_ASSIGN_OR_RETURN(auto made, open_network("multi_task", settings_of(options), network));
  return std::make_unique<MultiTaskTrainer>(options, std::move(made));
}

}  // namespace riffle::learner
