#include "learner/neural_linear/neural_linear.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "base/errors.h"
#include "base/log.h"
#include "learner/neural_linear/head_state.h"
#include "learner/outcome_check.h"
#include "learner/q_learning/dqn.h"

namespace riffle::learner {
namespace {

using features::kFeatureCount;
constexpr std::size_t kRowsAtOnce = 252;  // of a rebuild: whole tiles of the forward pass

}  // namespace

network::Settings settings_of(const NeuralLinearOptions& options) { return settings_of(plain_dqn(options)); }

NeuralLinearTrainer::NeuralLinearTrainer(const NeuralLinearOptions& options, std::unique_ptr<Network> network)
    : ReplayTrainer("neural_linear", options, settings_of(options).shape,
                    first_numbers(settings_of(options).shape, options.seed), std::move(network)),
      options_(options),
      step_options_(plain_dqn(options)),
      head_(options.hidden_2 + 1),
      scorer_(std::make_shared<const NeuralLinearScorer>()) {
  represent_by(read().online);
}

void NeuralLinearTrainer::represent_by(std::vector<float> numbers) {
  representation_ = std::move(numbers);
  pass_ = std::make_shared<const ForwardPass>(settings_of(options_).shape, representation_);
}

absl::StatusOr<network::StepResult> NeuralLinearTrainer::step_on(std::span<const Replay::Drawn> drawn) {
  batch_.fill(replay_.buffer(), drawn, step_options_);
  errors_.resize(batch_.rows());
  return network_->step(batch_.view(), errors_);
}

void NeuralLinearTrainer::represent_rows(std::span<const float> features, std::span<const std::uint16_t> positions) {
  rows_.resize(positions.size() * ForwardPass::kInputs);
  float* out = rows_.data();
  for (std::size_t i = 0; i < positions.size(); ++i) {
    out = std::copy_n(features.data() + i * kFeatureCount, kFeatureCount, out);
    *out++ = position_input(positions[i]);
  }
  z_.resize(positions.size() * head_.dimension());
  represent(*pass_, rows_, ForwardPass::kInputs, z_);
}

void NeuralLinearTrainer::taken(const pb::Outcome& outcome, const DecisionBuffer::Result& result) {
  const HeldDecision& decision = replay_.buffer().at(result.place);
  const double limit = options_.reward_limit;
  bool represented = false;
  for (std::size_t i = 0; i < decision.slots(); ++i) {
    const pb::OutcomeSlot& slot = outcome.slots(decision.positions[i]);
    const double reward = decision.rewards[i];
    const double before = slot.newly_exposed() ? 0.0 : static_cast<float>(std::clamp(slot.previous_reward(), -limit, limit));
    if (!slot.newly_exposed() && reward == before) continue;
    if (!represented) represent_rows(decision.features, decision.positions);
    represented = true;
    const float* z = z_.data() + i * head_.dimension();
    if (slot.newly_exposed()) head_.add_slot(z);
    head_.add_reward(z, reward - before, reward * reward - before * before);
    slots_since_rebuild_ += slot.newly_exposed();
  }
  stale_ |= represented;
}

void NeuralLinearTrainer::learn_at(const pb::Outcome& outcome, const OutcomePlace& place) {
  ReplayTrainer::learn_at(outcome, place);
  const std::uint64_t before = slots_learned() - std::min(slots_learned(), slots_since_rebuild_);
  const std::uint64_t most = std::max<std::uint64_t>(options_.rebuild_slots, kFirstRebuild);
  if (slots_since_rebuild_ >= std::clamp(before / 4, kFirstRebuild, most)) rebuild();
}

void NeuralLinearTrainer::rebuild() {
  slots_since_rebuild_ = 0;
  QNumbers numbers = read();
  if (!numbers.finite() || numbers.online == representation_) return;  // nothing new, or nothing good
  ++rebuilds_;
  stale_ = true;
  represent_by(std::move(numbers.online));
  head_.clear();
  std::vector<float> features;
  std::vector<std::uint16_t> positions;
  std::vector<float> rewards;
  const auto add = [&] {
    represent_rows(features, positions);
    for (std::size_t i = 0; i < rewards.size(); ++i) {
      const float* z = z_.data() + i * head_.dimension();
      head_.add_slot(z);
      const double reward = rewards[i];
      if (reward != 0) head_.add_reward(z, reward, reward * reward);
    }
    features.clear(), positions.clear(), rewards.clear();
  };
  const DecisionBuffer& buffer = replay_.buffer();
  for (std::uint64_t number = buffer.oldest(); number < buffer.inserted(); ++number) {
    const HeldDecision& decision = buffer.at(buffer.place_of(number));
    features.insert(features.end(), decision.features.begin(), decision.features.end());
    positions.insert(positions.end(), decision.positions.begin(), decision.positions.end());
    rewards.insert(rewards.end(), decision.rewards.begin(), decision.rewards.end());
    if (rewards.size() >= kRowsAtOnce) add();
  }
  add();
}

std::shared_ptr<const Scorer> NeuralLinearTrainer::scorer() {
  if (!stale_) return scorer_;
  auto posterior = head_.solve(options_, slots_learned());
  if (posterior.ok()) {
    scorer_ = std::make_shared<const NeuralLinearScorer>(pass_, *std::move(posterior));
    stale_ = false;
  } else if (worth_a_line(++unsolvable_)) {
    log::error("neural_linear: {}; the last good version stays ({} so far)", posterior.status().ToString(), unsolvable_);
  }
  return scorer_;
}

std::string NeuralLinearTrainer::save() const {
  pb::DqnState saved = state();
  head_.save(*saved.mutable_head());
  saved.mutable_head()->set_representation(bytes_of(representation_));
  saved.mutable_head()->set_slots_since_rebuild(slots_since_rebuild_);
  return serialize(std::move(saved));
}

absl::Status NeuralLinearTrainer::load(std::string_view bytes) {
  RIFFLE_ASSIGN_OR_RETURN(HeadState loaded, parse_head_state(bytes));
  RIFFLE_RETURN_IF_ERROR(ReplayTrainer::load(bytes));
  head_ = std::move(loaded.head);
  represent_by(std::move(loaded.representation));
  slots_since_rebuild_ = loaded.network.head().slots_since_rebuild();
  stale_ = true;
  return absl::OkStatus();
}

std::vector<TrainerIncident> NeuralLinearTrainer::incidents() const {
  std::vector<TrainerIncident> all = ReplayTrainer::incidents();
  all.push_back({"unsolvable", unsolvable_});
  return all;
}

absl::StatusOr<std::unique_ptr<Trainer>> make_neural_linear_trainer(const NeuralLinearOptions& options,
                                                                    const NetworkOptions& network) {
  RIFFLE_RETURN_IF_ERROR(check(options, "neural_linear"));
  if (!(options.ridge > 0) || !(options.noise_shape > 0) || !(options.noise_scale > 0))
    return absl::InvalidArgumentError("neural_linear: ridge, noise_shape and noise_scale must be above 0");
  RIFFLE_ASSIGN_OR_RETURN(auto made, open_network("neural_linear", settings_of(options), network));
  return std::make_unique<NeuralLinearTrainer>(options, std::move(made));
}

}  // namespace riffle::learner
