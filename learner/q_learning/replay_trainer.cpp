#include "learner/q_learning/replay_trainer.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/log.h"
#include "learner/outcome_check.h"

namespace riffle::learner {
namespace {

// A score beyond this multiple of r/(1 − γ), which no return exceeds, is a network that runs away.
constexpr double kRunawayFactor = 2;

double largest_score(const ReplayedOptions& options) {
  return kRunawayFactor * options.reward_limit / (1 - options.discount);
}

}  // namespace

absl::Status check(const ReplayedOptions& o, const char* scorer) {
  const auto wrong = [&](const char* what) { return absl::InvalidArgumentError(absl::StrCat(scorer, ": ", what)); };
  const auto width = [](std::size_t w) { return w > 0 && w <= network::kWidestLayer; };
  const auto positive = [](double x) { return x > 0 && std::isfinite(x); };
  if (!(o.discount >= 0 && o.discount < 1)) return wrong("the discount must lie in [0, 1), or values grow without end");
  if (o.discount_time.count() <= 0) return wrong("discount_time must be above 0");
  if (o.steps == 0) return wrong("steps must be above 0");
  if (!width(o.hidden_1) || !width(o.hidden_2)) return wrong("hidden layers have 1 to 1,024 units");
  if (!positive(o.learning_rate)) return wrong("learning_rate must be above 0");
  if (!(o.target_rate > 0 && o.target_rate <= 1)) return wrong("target_rate must lie in (0, 1]");
  if (!positive(o.huber) || !positive(o.largest_gradient) || !positive(o.reward_limit))
    return wrong("huber, largest_gradient and reward_limit must be above 0");
  if (o.batch == 0 || !positive(o.replays)) return wrong("batch and replays must be above 0");
  if (o.replay_decisions < 8) return wrong("replay_decisions must be at least 8");
  if (!(o.priority_exponent >= 0 && o.priority_exponent <= 1) || !(o.importance_exponent >= 0 && o.importance_exponent <= 1) ||
      o.importance_steps == 0)
    return wrong("priority_exponent and importance_exponent lie in [0, 1], importance_steps above 0");
  return absl::OkStatus();
}

ReplayTrainer::ReplayTrainer(const char* name, const ReplayedOptions& options, const network::Shape& shape, QNumbers first,
                             std::unique_ptr<Network> network)
    : network_(std::move(network)),
      replay_(options),
      name_(name),
      options_(options),
      shape_(shape),
      good_(std::move(first)) {
  write(good_);
}

QNumbers ReplayTrainer::read() const {
  QNumbers numbers(good_.online.size());
  network::Numbers to{numbers.online.data(), numbers.target.data(), numbers.first_moment.data(),
                      numbers.second_moment.data(), 0};
  network_->read(to);
  numbers.steps = to.steps;
  return numbers;
}

void ReplayTrainer::write(const QNumbers& numbers) {
  QNumbers copy = numbers;
  network_->write({copy.online.data(), copy.target.data(), copy.first_moment.data(), copy.second_moment.data(), copy.steps});
}

void ReplayTrainer::learn_at(const pb::Outcome& outcome, const OutcomePlace& place) {
  if (!may_learn(outcome, name_, ignored_)) return;
  const DecisionBuffer::Result result = replay_.take(outcome, place);
  too_old_ += result.taken == DecisionBuffer::Taken::kTooOld;
  stale_ += result.taken == DecisionBuffer::Taken::kStale;
  cut_rewards_ += result.cut_rewards;
  bad_candidates_ += result.bad_candidates;
  slots_learned_ += result.newly_exposed;
  slots_since_step_ += result.newly_exposed;
  if (result.taken == DecisionBuffer::Taken::kNew || result.taken == DecisionBuffer::Taken::kRevised) taken(outcome, result);
  const auto enough = std::min(options_.batch, options_.replay_decisions / 8);
  const auto every = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(options_.batch) / options_.replays));
  if (replay_.ready() < enough) {
    slots_since_step_ = std::min(slots_since_step_, every);  // what could not be replayed is not made up for
    return;
  }
  for (; slots_since_step_ >= every; slots_since_step_ -= every) step();
}

bool ReplayTrainer::remember(const pb::Outcome& outcome, const OutcomePlace& place) {
  return outcome_problem(outcome).empty() && replay_.refill(outcome, place);
}

void ReplayTrainer::step() {
  // A generator of its own a step: nothing of chance has to be saved.
  Rng rng(options_.seed ^ (++steps_ * 0x9E3779B97F4A7C15ULL));
  replay_.draw(options_.batch, steps_, rng, drawn_);
  const auto result = step_on(drawn_);
  if (!result.ok()) return roll_back(result.status().ToString(), failed_);
  if (!result->finite) return roll_back("a step's loss or gradient is not finite", not_finite_);
  if (!(result->largest_score <= largest_score(options_)))
    return roll_back(absl::StrCat("a score of ", result->largest_score, " is beyond what rewards allow"), diverged_);
  const auto decision_of = row_decision();
  for (std::size_t row = 0; row < errors_.size();) {
    const std::int64_t decision = decision_of[row];
    double sum = 0;
    std::size_t slots = 0;
    for (; row < errors_.size() && decision_of[row] == decision; ++row, ++slots) sum += std::abs(errors_[row]);
    replay_.set_priority(drawn_[static_cast<std::size_t>(decision)].place, sum / static_cast<double>(slots));
  }
}

void ReplayTrainer::roll_back(const std::string& why, std::uint64_t& count) {
  if (worth_a_line(++count)) log::error("{}: {}; back to the last good version ({} so far)", name_, why, count);
  write(good_);
}

std::string ReplayTrainer::save() const { return serialize(state()); }

pb::DqnState ReplayTrainer::state() const {
  pb::DqnState state;
  QNumbers numbers = read();
  if (numbers.finite()) good_ = numbers;
  set_numbers(good_, shape_, state);
  if (name_ != std::string_view("dqn")) state.set_scorer(name_);
  state.set_tried_steps(steps_);
  state.set_relative(options_.discount > 0);
  state.set_slots_learned(slots_learned_);
  state.set_slots_since_step(slots_since_step_);
  replay_.save(state);
  return state;
}

absl::Status ReplayTrainer::load(std::string_view bytes) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::DqnState state, parse_q_state(bytes, name_));
  if (shape_of(state) != shape_)
    return absl::FailedPreconditionError(absl::StrCat(
        name_, " state has layers of ", state.hidden_1(), " and ", state.hidden_2(), state.duelling() ? ", duelling" : "",
        "; the configuration has ", shape_.hidden_1, " and ", shape_.hidden_2, shape_.duelling ? ", duelling" : ""));
  RIFFLE_RETURN_IF_ERROR(replay_.load(state));
  good_ = numbers_of(state);
  write(good_);
  steps_ = state.tried_steps();
  slots_learned_ = state.slots_learned();
  slots_since_step_ = state.slots_since_step();
  return absl::OkStatus();
}

std::vector<TrainerIncident> ReplayTrainer::incidents() const {
  return {{"not_finite", not_finite_},        {"diverged", diverged_},           {"step_failed", failed_},
          {"older_than_buffer", too_old_},    {"repeated_revision", stale_},     {"cut_reward", cut_rewards_},
          {"bad_candidate", bad_candidates_}};
}

}  // namespace riffle::learner
